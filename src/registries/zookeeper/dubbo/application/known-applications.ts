import type { DubboInstance } from "../../../dubbo/application/dubbo-instance.ts";
import type { MetadataInfo } from "../../../dubbo/application/metadata-info.ts";
import type { ProviderUrl } from "../../../dubbo/provider-url.ts";
import type { Instances } from "../../curator/service-folder.ts";
import { type Judging, KnownApplication } from "./known-application.ts";
import { ProviderAddresses } from "./provider-addresses.ts";

/**
 * What is known of the application level over all sessions of one worker. Whatever changes here is answered with the
 * interfaces that have to be told anew.
 */
export class KnownApplications {
  /** What the services tree held when it was last read. */
  readonly folders = new Map<string, Instances>();
  /** Where interface-level providers are, kept while there are instances whose services no metadata tell. */
  readonly addresses = new ProviderAddresses();
  readonly #byName = new Map<string, KnownApplication>();
  /** Which applications offer an interface, or did since their folder is there. */
  readonly #byInterface = new Map<string, Set<KnownApplication>>();

  get(name: string): KnownApplication | undefined {
    return this.#byName.get(name);
  }

  ensure(name: string): KnownApplication {
    let known = this.#byName.get(name);
    if (!known) {
      known = new KnownApplication(name);
      this.#byName.set(name, known);
    }
    return known;
  }

  all(): Iterable<KnownApplication> {
    return this.#byName.values();
  }

  /** Interfaces that applications offer, or did since their folder is there. */
  interfaces(): Iterable<string> {
    return this.#byInterface.keys();
  }

  offers(name: string): boolean {
    return this.#byInterface.has(name);
  }

  /** Some instance's services no metadata tell. */
  get hasUntold(): boolean {
    return [...this.#byName.values()].some(({ hasUntold }) => hasUntold);
  }

  /** An application of which an earlier worker told, perhaps without instances now; the tree has its folder. */
  inherit(name: string): KnownApplication {
    if (!this.folders.has(name)) this.folders.set(name, new Map());
    return this.ensure(name);
  }

  /** An application is said to have offered an interface. */
  remember(application: KnownApplication, offered: string): void {
    this.#index(application, new Set([offered]));
  }

  /** All instances that provide an interface. */
  providersOf(name: string): ProviderUrl[] {
    const applications = this.#byInterface.get(name);
    return applications === undefined ? [] : [...applications].flatMap((application) => application.providersOf(name));
  }

  /** An application's instances, by node, as they were read. @param isListed with the whole tree */
  update(name: string, instances: ReadonlyMap<string, DubboInstance>, isListed: boolean): Set<string> {
    const application = this.ensure(name);
    return this.#index(application, application.update(instances, isListed));
  }

  /** What a revision offers was read. */
  offer(name: string, revision: string, metadata: MetadataInfo): Set<string> {
    const application = this.#byName.get(name);
    return application === undefined ? new Set() : this.#index(application, application.offer(revision, metadata));
  }

  /** Which interfaces name mapping says each application offers. */
  map(mapping: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
    const touched = new Set<string>();
    for (const application of this.#byName.values()) {
      const before = application.mapped;
      application.mapped = mapping.get(application.name) ?? new Set();
      if (application.unknown.length === 0) continue;
      for (const name of [...before, ...application.mapped]) touched.add(name);
      this.#index(application, application.mapped);
    }
    return touched;
  }

  /** Finds out whose services are not known. @returns those of the applications of which that is different from before */
  judge(applications: Iterable<KnownApplication>, judging: Omit<Judging, "hasProvider">): KnownApplication[] {
    const hasProvider = (address: string, port: number): boolean => this.addresses.has(address, port);
    return [...applications].filter((application) => {
      if (!application.judge({ ...judging, hasProvider })) return false;
      this.#index(application, application.mapped);
      return true;
    });
  }

  /** The application's folder is gone. @returns the interfaces that it offered */
  delete(name: string): Set<string> {
    const application = this.#byName.get(name);
    const offered = new Set<string>();
    if (application === undefined) return offered;
    this.#byName.delete(name);
    for (const [each, applications] of this.#byInterface) {
      if (!applications.delete(application)) continue;
      offered.add(each);
      if (applications.size === 0) this.#byInterface.delete(each);
    }
    return offered;
  }

  #index<Names extends ReadonlySet<string>>(application: KnownApplication, names: Names): Names {
    for (const name of names) {
      const applications = this.#byInterface.get(name);
      if (applications) applications.add(application);
      else this.#byInterface.set(name, new Set([application]));
    }
    return names;
  }
}
