/** Everything that the rows of the fault table share: settings, applications in them, Tributary, and who watches. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Application } from "../servers/application.ts";
import { DubboWriter } from "../servers/dubbo-writer.ts";
import { dubbo27, dubbo33, dubboGo, type Framework, type Level, springCloud } from "../servers/frameworks.ts";
import { freePorts } from "../servers/free-port.ts";
import { freeIstiodPorts, Istiod } from "../servers/istiod.ts";
import { SidecarClient } from "../servers/sidecar-client.ts";
import { Tributary } from "../servers/tributary.ts";
import { full, isPresent } from "../tier.ts";
import type { EndpointView, Removal } from "./endpoint-view.ts";
import { type Observer, observeDelta, observeSidecar } from "./observers.ts";
import { Setting } from "./setting.ts";

interface Writer {
  readonly framework: Framework;
  readonly level: Level;
  /** Its address tells whose an endpoint is. */
  readonly host: string;
}

const writers: readonly Writer[] = [
  { framework: dubbo33, level: "interface", host: "10.30.1.1" },
  { framework: dubbo33, level: "instance", host: "10.30.1.2" },
  { framework: dubbo33, level: "all", host: "10.30.1.3" },
  { framework: dubbo27, level: "interface", host: "10.30.2.1" },
  { framework: dubboGo, level: "interface", host: "127.0.3.1" },
  { framework: dubboGo, level: "instance", host: "127.0.3.2" },
  { framework: springCloud, level: "instance", host: "10.30.4.1" },
];

/** Static providers: enough that a listing has something to be cut in. */
const interfaces = 30;
const instances = 3;

/** Starting everything may take a machine this long, ms. */
const patience = 120_000;

export class Scene {
  readonly settings: readonly Setting[];
  readonly tributary: Tributary;
  readonly applications: readonly Application[];
  readonly #istiod: Istiod | undefined;
  readonly #observers: readonly Observer[];
  readonly #folder: string;
  #expected: string[] = [];
  #changes = 0;

  private constructor(
    settings: readonly Setting[],
    tributary: Tributary,
    applications: readonly Application[],
    istiod: Istiod | undefined,
    observers: readonly Observer[],
    folder: string,
  ) {
    this.settings = settings;
    this.tributary = tributary;
    this.applications = applications;
    this.#istiod = istiod;
    this.#observers = observers;
    this.#folder = folder;
  }

  static async start(): Promise<Scene> {
    const settings = [await Setting.start("3.8.4", 1)];
    if (full) settings.push(await Setting.start("3.9.3", 1), await Setting.start("3.8.4", 3));
    settings.push(await Setting.start("3.9.3", 3));
    for (const setting of settings) await registerStatic(setting);
    const istiod = full && isPresent("istiod") ? await Istiod.prepare() : undefined;
    const folder = mkdtempSync(path.join(tmpdir(), "last-known-good-"));
    const tributary = await Tributary.start({
      registries: settings.flatMap(({ dubbo, spring }) => (full ? [dubbo, spring] : [dubbo])),
      istiod: istiod?.ports ?? (await freeIstiodPorts()),
      lastKnownGood: folder,
    });
    const observers = [observeDelta(tributary.address)];
    if (istiod) {
      await istiod.start(tributary.address);
      observers.push(observeSidecar(new SidecarClient(`127.0.0.1:${istiod.ports.grpc}`)));
    }
    const scene = new Scene(settings, tributary, await startApplications(settings), istiod, observers, folder);
    await scene.complete();
    scene.expectWhatIsHeld();
    return scene;
  }

  get views(): readonly EndpointView[] {
    return this.#observers.map(({ view }) => view);
  }

  /** Waits until every view holds every application and every static provider. */
  async complete(): Promise<void> {
    const addresses = [...this.applications.map(({ placement }) => placement.host), ...staticProviders().map(({ host }) => host)];
    const all = (view: EndpointView) => this.settings.every(({ id }) => addresses.every((address) => view.has(id, address)));
    await Promise.all(this.views.map((view) => view.until("all that is registered", all, patience)));
  }

  /**
   * Waits until no view holds anything at these addresses.
   * @param within ms
   */
  async without(addresses: readonly string[], within: number): Promise<void> {
    const none = (view: EndpointView) => this.settings.every(({ id }) => !addresses.some((address) => view.has(id, address)));
    await Promise.all(this.views.map((view) => view.until("what was stopped has left", none, within)));
  }

  /** From here on, what is held now must be held whenever a row ends. */
  expectWhatIsHeld(): void {
    this.#expected = this.views.flatMap((view) => view.all.map((endpoint) => `${view.name}: ${endpoint}`));
  }

  /** What was expected to be held and is not. */
  missing(): string[] {
    const held = new Set(this.views.flatMap((view) => view.all.map((endpoint) => `${view.name}: ${endpoint}`)));
    return this.#expected.filter((endpoint) => !held.has(endpoint));
  }

  /** Removals since the last call, of all views. */
  takeRemovals(): Removal[] {
    return this.views.flatMap(({ removals }) => removals.splice(0));
  }

  /**
   * Registers a provider that was never there before, and an instance of Spring's where that is read.
   * @returns the ms from now until each view has them
   */
  async change(setting: Setting, within: number): Promise<number[]> {
    const begun = performance.now();
    this.#changes += 1;
    const number = `${this.#changes >> 8}.${this.#changes & 255}`;
    const addresses = full ? [`10.31.${number}`, `10.38.${number}`] : [`10.31.${number}`];
    const seen = this.views.map(async (view) => {
      await view.until(`${addresses} in ${setting.name}`, () => addresses.every((address) => view.has(setting.id, address)), within);
      return performance.now() - begun;
    });
    const [, ...times] = await Promise.all([write(setting, addresses), ...seen]);
    return times;
  }

  /** ms after `since` (of the wall clock) at which a registry was said to be unreachable for the first time; undefined if never. */
  noticed({ id }: Setting, since: number): number | undefined {
    const lines = this.tributary.output().split("\n");
    for (const line of lines.filter((text) => text.includes("REGISTRY_UNREACHABLE"))) {
      const { registry, time } = JSON.parse(line) as { registry: string; time: string };
      if (registry === id && Date.parse(time) >= since) return Date.parse(time) - since;
    }
    return undefined;
  }

  async stop(): Promise<void> {
    for (const observer of this.#observers) observer.stop();
    await this.#istiod?.stop();
    await this.tributary.stop();
    await Promise.all(this.applications.map((application) => application.kill()));
    await Promise.all(this.settings.map((setting) => setting.stop()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Each of them in every setting. */
async function startApplications(settings: readonly Setting[]): Promise<Application[]> {
  if (!full) return [];
  const registries = settings.map(({ ensemble }) => ensemble.address);
  const present = writers.filter(({ framework }) => isPresent(framework.name));
  const ports = await freePorts(present.length);
  const started: Application[] = [];
  for (const [at, { framework, level, host }] of present.entries()) {
    started.push(await Application.start(framework, { application: `application-${at}`, host, port: ports[at]!, registries }, level));
  }
  return started;
}

/** Registers a provider at the first address, and an instance of Spring's at the second, if there is one. */
async function write({ ensemble }: Setting, [dubbo, spring]: readonly string[]): Promise<void> {
  const writer = await DubboWriter.connect(ensemble.address);
  await writer.register({ interface: "com.acme.ChangeFacade", host: dubbo!, port: 20880, parameters: { dynamic: "false" } });
  if (spring !== undefined) {
    const instance = { name: "change", id: spring, address: spring, port: 8080, serviceType: "PERMANENT" };
    await writer.client.create(`/services/change/${spring}`, JSON.stringify(instance), "persistent");
  }
  await writer.close();
}

function staticProviders() {
  const parameters = { dynamic: "false" };
  return Array.from({ length: interfaces * instances }, (_, at) => {
    const [of, number] = [Math.floor(at / instances), at % instances];
    return { interface: `com.acme.Static${of}Facade`, host: `10.32.${of}.${number + 1}`, port: 20880, parameters };
  });
}

async function registerStatic({ ensemble }: Setting): Promise<void> {
  const writer = await DubboWriter.connect(ensemble.address);
  for (const provider of staticProviders()) await writer.register(provider);
  await writer.close();
}
