/**
 * Follows Dubbo's application level through one session: below `/services` the applications with their instances, and
 * elsewhere which services those offer. What it finds are providers of interfaces, told together with those of the
 * interface level; an application of which nothing tells the services is told as one service.
 */
import type { ProblemCode } from "../../../../errors/problem-codes.ts";
import type { Logger } from "../../../../log/logger.ts";
import type { Emitter, Listing, Problem } from "../../../contract.ts";
import { applicationService } from "../../../dubbo/application/application-service.ts";
import { type DubboInstance, isDubbo, isDubboInstance, readDubboInstance } from "../../../dubbo/application/dubbo-instance.ts";
import { isInterfaceName } from "../../../dubbo/node-name.ts";
import type { ProviderUrl } from "../../../dubbo/provider-url.ts";
import { itemId } from "../../../service.ts";
import { forEachLimited } from "../../../task-pool.ts";
import { type Client, RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";
import type { Instances } from "../../curator/service-folder.ts";
import { ServicesTree } from "../../curator/services-tree.ts";
import type { InterfaceNames } from "../interface-names.ts";
import type { DubboPaths } from "../paths.ts";
import type { KnownRules } from "../rules/known-rules.ts";
import type { DubboSettings } from "../settings.ts";
import type { KnownApplication } from "./known-application.ts";
import type { KnownApplications } from "./known-applications.ts";
import { MetadataReader } from "./metadata-reader.ts";
import { NameMapping } from "./name-mapping.ts";
import { addressText } from "./provider-addresses.ts";

/** After a change at the interface level, in ms. */
const judgeDelayMs = 100;

export interface ApplicationLevelContext {
  readonly client: Client;
  readonly settings: Pick<DubboSettings, "applications" | "maxInFlight">;
  readonly paths: DubboPaths;
  readonly names: InterfaceNames;
  readonly known: KnownApplications;
  /** Applied to whatever is told. */
  readonly rules: KnownRules;
  readonly emit: Emitter;
  readonly log: Logger;
  /** The listing that is open, if one is: what is told belongs to it. */
  readonly listing: () => Listing | undefined;
  /** Reads and tells an interface anew, because its applications changed. */
  readonly reread: (name: string) => Promise<void>;
  /** There are interfaces that no application offers any more; the root tells whether they are gone for good. */
  readonly abandoned: () => void;
  readonly relist: () => void;
  readonly report: (problem: Problem) => void;
  readonly failed: (error: unknown) => void;
}

export class ApplicationLevel {
  readonly #context: ApplicationLevelContext;
  readonly #known: KnownApplications;
  readonly #tree: ServicesTree;
  readonly #metadata: MetadataReader;
  readonly #mapping: NameMapping;
  #isListing = false;
  #timer: NodeJS.Timeout | undefined;
  /** By `performance.now()`. */
  #nextJudging = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(context: ApplicationLevelContext) {
    this.#context = context;
    this.#known = context.known;
    const { client, paths, emit, report, failed } = context;
    const { maxInFlight, applications } = context.settings;
    this.#tree = new ServicesTree({
      client,
      root: applications.root,
      maxInFlight,
      known: this.#known.folders,
      emit,
      told: (name, instances) => this.#told(name, instances),
      gone: (name) => this.#gone(name),
      vanished: context.relist,
      failed,
    });
    this.#metadata = new MetadataReader({
      client,
      paths,
      found: (application, revision, metadata) => this.#due(this.#known.offer(application, revision, metadata)),
      report,
    });
    this.#mapping = new NameMapping({
      client,
      paths,
      maxInFlight,
      told: (mapping) => {
        this.#due(this.#known.map(mapping));
        for (const application of this.#known.all()) this.#tellService(application);
      },
      report,
      failed,
    });
  }

  /** Whether the providers that are met at the interface level are to be told to `met`. */
  get asksForProviders(): boolean {
    return this.#known.addresses.isKept;
  }

  /** All instances that provide an interface. */
  providersOf(name: string): ProviderUrl[] {
    return this.#known.providersOf(name);
  }

  /** Reads everything but the interfaces, which are to be read next. */
  async list(): Promise<void> {
    this.#isListing = true;
    try {
      await this.#listTree();
      for (const application of this.#known.all()) application.forgetRevisions();
      const revisions = [...this.#known.all()].flatMap(({ name, revisions: all }) => [...all].map((revision) => ({ name, revision })));
      this.#metadata.retain((name, revision) => this.#known.get(name)?.revisions.has(revision) === true);
      const { settings } = this.#context;
      await forEachLimited(revisions, settings.maxInFlight, ({ name, revision }) => this.#metadata.read(name, revision));
      if (settings.applications.fallback === "mapping" && this.#known.hasUntold) await this.#mapping.list();
    } finally {
      this.#isListing = false;
    }
    // Revisions that came while others were read.
    for (const application of this.#known.all()) await this.#followMetadata(application);
    if (this.#known.hasUntold) this.#known.addresses.keep();
    else this.#known.addresses.drop();
  }

  /**
   * What an earlier worker told, and is not found again, is kept where the folder of an application is still there that
   * was told under this name, or of one that offers it.
   */
  async remember(names: readonly string[]): Promise<void> {
    if (this.#tree.isEmpty) return;
    const lost = names.filter((name) => isInterfaceName(name) && !this.#known.offers(name));
    await forEachLimited(lost, this.#context.settings.maxInFlight, async (name) => {
      if (this.#tree.has(name)) {
        this.#known.inherit(name).isService = true;
        return;
      }
      const applications = ((await this.#mapping.applicationsOf(name)) ?? []).filter((application) => this.#tree.has(application));
      for (const application of applications) this.#known.remember(this.#known.inherit(application), name);
    });
  }

  /** Tells the applications of which nothing tells the services, after all interfaces were read. */
  async complete(directories: ReadonlySet<string>): Promise<void> {
    this.#known.addresses.retain(directories);
    await this.#judge(this.#known.all(), true);
  }

  /** An interface's providers that have nodes, as they were read. */
  met(directory: string, providers: readonly ProviderUrl[]): void {
    const addresses = providers.map(({ address, ports }) => addressText(address, ports[0]!.number));
    if (this.#known.addresses.set(directory, addresses) && !this.#context.listing()) this.#judgeAt(performance.now() + judgeDelayMs);
  }

  /** The rules about an application changed. */
  retell(name: string): void {
    const application = this.#known.get(name);
    if (application?.isService && !this.#isListing) this.#tellService(application);
  }

  /** A watch fired. */
  changed(path: string): void {
    const reading = this.#metadata.changed(path);
    if (reading) this.#attempt(reading.then(() => this.#judge(this.#known.all())));
    if (this.#context.settings.applications.fallback === "mapping") this.#mapping.changed(path);
    this.#tree.changed(path);
  }

  /** The session is over: nothing is told from here on. */
  stop(): void {
    this.#stopped = true;
    this.#tree.stop();
    this.#mapping.stop();
    clearTimeout(this.#timer);
  }

  async #listTree(): Promise<void> {
    const { root } = this.#context.settings.applications;
    try {
      if (!(await this.#tree.list()))
        this.#context.log.debug({ root }, "no application registers here; the root is followed as soon as it is created");
    } catch (error) {
      // Never read so far: nothing can be lost by leaving it out.
      if (this.#known.folders.size > 0 || !(error instanceof RequestFailed) || error.code !== noAuth) throw error;
      this.#context.report({ code: "no-permission", where: root, message: error.message });
    }
  }

  #told(name: string, instances: Instances): void {
    const dubbo = new Map<string, DubboInstance>();
    for (const [node, instance] of instances) {
      if (!isDubbo(instance)) continue;
      const read = readDubboInstance(instance, name);
      if (isDubboInstance(read)) dubbo.set(node, read);
      else if (read.problem !== undefined) this.#report("bad-instance", `${name}/${node}`, read.problem);
    }
    if (dubbo.size === 0 && !this.#known.get(name)) return;
    this.#due(this.#known.update(name, dubbo, this.#isListing));
    if (this.#isListing) return;
    const application = this.#known.ensure(name);
    if (application.isService) this.#tellService(application);
    this.#attempt(this.#followMetadata(application).then(() => this.#judge([application])));
  }

  async #followMetadata({ name, revisions }: KnownApplication): Promise<void> {
    await Promise.all(Array.from(revisions, (revision) => this.#metadata.follow(name, revision)));
  }

  #gone(name: string): void {
    const application = this.#known.get(name);
    const offered = this.#known.delete(name);
    if (this.#isListing || application === undefined) return;
    if (application.isService) this.#context.emit.removed(itemId({ kind: "service", service: applicationService(name, []) }));
    this.#due(offered);
    this.#context.abandoned();
  }

  /** Finds out whose services are not known, now and when that may be different. */
  async #judge(applications: Iterable<KnownApplication>, isComplete = false): Promise<void> {
    if (this.#stopped) return;
    const now = performance.now();
    // One that is gone meanwhile is told by nobody.
    const judged = [...applications].filter((application) => this.#known.get(application.name) === application);
    const differing = this.#known.judge(judged, { now, isComplete });
    for (const application of isComplete ? judged : differing) this.#tellService(application);
    this.#judgeAt(Math.min(...judged.flatMap(({ deadline }) => deadline ?? [])));
    // Whoever has to be looked for among the interface's providers can be found only where all of them are read.
    if (!isComplete && !this.#known.addresses.isKept && judged.some(({ hasUntold }) => hasUntold)) this.#context.relist();
    await this.#reread(differing.flatMap(({ mapped }) => [...mapped]));
  }

  /** @param at by `performance.now()` */
  #judgeAt(at: number): void {
    if (at >= this.#nextJudging) return;
    this.#nextJudging = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#nextJudging = Number.POSITIVE_INFINITY;
      this.#attempt(this.#judge(this.#known.all()));
    }, at - performance.now());
  }

  /** Tells an application as a service, if it has instances for that, or had. */
  #tellService(application: KnownApplication): void {
    const { emit, log, listing, names, rules, settings } = this.#context;
    const { name, mapped, unknown } = application;
    if (this.#stopped || !names.isWanted(name)) return;
    const providers = mapped.size > 0 ? [] : unknown;
    if (providers.length === 0 && !application.isService) return;
    if (settings.applications.fallback === "none") {
      if (providers.length > 0) this.#report("unknown-services", name, "nothing tells which services its instances offer");
      return;
    }
    if (!application.isService) log.debug({ application: name }, "nothing tells which services it offers; it is told as one service");
    application.isService = true;
    const item = { kind: "service", service: rules.apply(applicationService(name, providers)) } as const;
    const open = listing();
    if (open) open.add(item);
    else emit.changed(item);
  }

  /** These interfaces' providers may differ. A listing comes to them by itself. */
  #due(names: Iterable<string>): void {
    if (!this.#isListing) this.#attempt(this.#reread(names));
  }

  async #reread(names: Iterable<string>): Promise<void> {
    const wanted = [...new Set(names)].filter((name) => this.#context.names.isWanted(name));
    await forEachLimited(wanted, this.#context.settings.maxInFlight, this.#context.reread);
  }

  #report(code: ProblemCode, where: string, message: string): void {
    this.#context.report({ code, where: `${this.#context.settings.applications.root}/${where}`, message });
  }

  #attempt(work: Promise<void>): void {
    work.catch((error) => {
      if (!this.#stopped) this.#context.failed(error);
    });
  }
}
