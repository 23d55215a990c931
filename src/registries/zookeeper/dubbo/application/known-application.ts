/** What is known of one application over all sessions: its instances, and which services they offer. */
import { isDeepStrictEqual } from "node:util";
import type { DubboInstance } from "../../../dubbo/application/dubbo-instance.ts";
import { type MetadataInfo, providerAt } from "../../../dubbo/application/metadata-info.ts";
import type { ProviderUrl } from "../../../dubbo/provider-url.ts";

/**
 * An instance of which nothing tells the services is waited for so long, in ms, before it counts as unknown:
 * interface-level nodes are written just before it, metadata in the registry perhaps later, and nodes of one
 * application that die at both levels do so up to a session's time-out apart.
 */
const patience = { local: 2_000, remote: 30_000, formerlyKnown: 120_000 } as const;

interface KnownInstance {
  readonly instance: DubboInstance;
  /** What its revision offers, or, while that cannot be read, what an earlier revision of it did. */
  readonly metadata: MetadataInfo | undefined;
  /** It was there when the tree was listed last, so the interfaces were read after it. */
  isListed: boolean;
  /** Its services are those that the interface level names. */
  isAtInterfaceLevel: boolean;
  /** Nothing tells its services, and nothing is expected to. */
  isUnknown: boolean;
  /** Becomes unknown then, by `performance.now()`. */
  deadline: number | undefined;
}

export interface Judging {
  /** By `performance.now()`. */
  readonly now: number;
  /** All interfaces have just been read, after the tree was listed. */
  readonly isComplete: boolean;
  /** Whether there is an interface-level provider. */
  readonly hasProvider: (address: string, port: number) => boolean;
}

export class KnownApplication {
  readonly name: string;
  /** It is told as a service of its own, now or earlier. */
  isService = false;
  /** Interfaces that name mapping says it offers. */
  mapped: ReadonlySet<string> = new Set();
  /** By node. */
  #instances = new Map<string, KnownInstance>();
  /** By revision. */
  readonly #metadata = new Map<string, MetadataInfo>();

  constructor(name: string) {
    this.name = name;
  }

  /** What its instances say that they offer. */
  get revisions(): Set<string> {
    return new Set(Array.from(this.#instances.values(), ({ instance }) => instance.revision));
  }

  /** An instance whose services no metadata tell. */
  get hasUntold(): boolean {
    return [...this.#instances.values()].some(({ metadata }) => metadata === undefined);
  }

  /** When the next instance becomes unknown, by `performance.now()`; undefined if none will. */
  get deadline(): number | undefined {
    const deadlines = [...this.#instances.values()].flatMap(({ deadline }) => deadline ?? []);
    return deadlines.length === 0 ? undefined : Math.min(...deadlines);
  }

  /**
   * Takes over its instances, by node, as they were read.
   * @param isListed with the whole tree
   * @returns interfaces whose providers may differ from before
   */
  update(instances: ReadonlyMap<string, DubboInstance>, isListed: boolean): Set<string> {
    const before = this.#instances;
    this.#instances = new Map();
    const touched = new Set<string>();
    // The server lists nodes in no order.
    for (const [node, instance] of [...instances].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const known = before.get(node);
      before.delete(node);
      if (known && isDeepStrictEqual(known.instance, instance)) {
        known.isListed ||= isListed;
        this.#instances.set(node, known);
        continue;
      }
      const now = { ...renewed(instance, this.#metadata.get(instance.revision), known), isListed };
      this.#instances.set(node, now);
      if (known) this.#touch(known, touched);
      this.#touch(now, touched);
    }
    for (const known of before.values()) this.#touch(known, touched);
    return touched;
  }

  /** What a revision offers was read. @returns interfaces whose providers may differ from before */
  offer(revision: string, metadata: MetadataInfo): Set<string> {
    const touched = new Set<string>();
    this.#metadata.set(revision, metadata);
    for (const [node, known] of this.#instances) {
      if (known.instance.revision !== revision) continue;
      const now: KnownInstance = { ...known, metadata, isUnknown: false, deadline: undefined };
      this.#instances.set(node, now);
      for (const each of [known, now]) this.#touch(each, touched);
    }
    return touched;
  }

  /** Forgets what revisions offer that no instance has any more. */
  forgetRevisions(): void {
    const { revisions } = this;
    for (const revision of this.#metadata.keys()) if (!revisions.has(revision)) this.#metadata.delete(revision);
  }

  /** Finds out whose services are not known. @returns whether that is different from before */
  judge({ now, isComplete, hasProvider }: Judging): boolean {
    const untold = [...this.#instances.values()].filter(({ metadata }) => metadata === undefined);
    const atInterfaceLevel = new Set(
      untold.filter(({ instance: { address, endpoints } }) => endpoints.some(({ number }) => hasProvider(address, number))),
    );
    let differs = false;
    for (const known of untold) {
      const wasUnknown = known.isUnknown;
      if (atInterfaceLevel.has(known)) {
        known.isUnknown = false;
        known.deadline = undefined;
      } else if (!known.isUnknown) {
        known.deadline ??= now + this.#patience(known, atInterfaceLevel.size > 0, isComplete);
        if (known.deadline <= now) {
          known.isUnknown = true;
          known.deadline = undefined;
        }
      }
      known.isAtInterfaceLevel = atInterfaceLevel.has(known);
      differs ||= wasUnknown !== known.isUnknown;
    }
    return differs;
  }

  /** Its instances as providers of an interface. */
  providersOf(name: string): ProviderUrl[] {
    return [...this.#instances.values()].flatMap(({ instance, metadata, isUnknown }) => {
      if (metadata) return (metadata.get(name) ?? []).flatMap((offered) => providerAt(offered, instance) ?? []);
      return isUnknown && this.mapped.has(name) ? instance.providers.map(asMapped) : [];
    });
  }

  /** Those of which nothing tells the services. */
  get unknown(): ProviderUrl[] {
    return [...this.#instances.values()].flatMap(({ instance, isUnknown }) => (isUnknown ? instance.providers : []));
  }

  #patience({ instance, isListed, isAtInterfaceLevel }: KnownInstance, areOthersKnown: boolean, isComplete: boolean): number {
    if (isAtInterfaceLevel) return patience.formerlyKnown;
    const { isMetadataRemote } = instance;
    if (!areOthersKnown && (this.isService || (isComplete && isListed && !isMetadataRemote))) return 0;
    return isMetadataRemote ? patience.remote : patience.local;
  }

  #touch({ metadata, isUnknown }: KnownInstance, touched: Set<string>): void {
    for (const name of metadata?.keys() ?? (isUnknown ? this.mapped : [])) touched.add(name);
  }
}

/** A newly read instance in the place of one that was known under the same node. */
function renewed(
  instance: DubboInstance,
  metadata: MetadataInfo | undefined,
  known: KnownInstance | undefined,
): Omit<KnownInstance, "isListed"> {
  return {
    instance,
    metadata: metadata ?? known?.metadata,
    isAtInterfaceLevel: false,
    // One that was unknown and says nothing new about its services stays where it is served.
    isUnknown: metadata === undefined && known?.metadata === undefined && known?.isUnknown === true,
    deadline: undefined,
  };
}

/** Which application offers it is known, but neither group nor version nor anything else. */
function asMapped(provider: ProviderUrl): ProviderUrl {
  return { ...provider, labels: { ...provider.labels, "registry/level": "app-mapping" } };
}
