/**
 * The contract between a registry kind and the rest of the house. A kind is one folder that
 * exports a `RegistryKind`; the supervisor gives it everything else: a worker of its own,
 * restart with back-off, staleness, batching, last-known-good, metrics and conformance tests.
 *
 * Rules for a kind (each is a case of `test/conformance`):
 * - it has its own watchdog and never sleeps through silence;
 * - it never emits from a partial read: a listing that failed is abandoned, not committed;
 * - it never filters by Istio's rules: it says what the registry says;
 * - a bad datum costs only itself and is reported as a problem.
 */
import type { z } from "zod";
import type { Logger } from "../log/logger.ts";
import type { Item } from "./service.ts";

/** What the naming room needs to know of a kind; every value can be overridden per registry. */
export interface KindNaming {
  /** Last labels of every host, without a leading dot: `dubbo`. Hosts outside of it are refused unless allowed. */
  readonly suffix: string;
  /** See `naming/template.ts` for the grammar. */
  readonly template: string;
  /** Protocols that need no mention in a host; the first is the kind's usual one. */
  readonly usualProtocols: readonly string[];
  /**
   * Its services are Kubernetes' own: `suffix` (`svc`) lies under the mesh's cluster domain, and its hosts may, unless a
   * setting gives another suffix.
   */
  readonly underClusterDomain?: boolean;
}

/** The light half of a kind: loaded by every thread, so it must not import a client library. */
export interface RegistryKind<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** The word in the configuration's `type`. */
  readonly id: string;
  /** One sentence for `--help` and the documentation. */
  readonly summary: string;
  /** Keys of this kind, beside those every registry has (`id`, `type`, `required`, `naming`, …). */
  readonly schema: z.ZodObject<Shape>;
  /**
   * Keys of `schema` that name files or folders, those of a section with a dot (`tls.ca`); the configuration makes them
   * absolute, from the folder it lies in.
   */
  readonly pathKeys?: readonly string[];
  readonly naming: KindNaming;
  /**
   * The heavy half: a module that exports `start: StartSession`, imported only in the worker.
   * It must not import the light half (nor zod), so that a worker starts quickly.
   */
  readonly session: URL;
  /** Its sources in many clusters (`needsClusters`) live in one worker, fairly. Otherwise each has a worker of its own. */
  readonly sharesWorker?: boolean;
  /**
   * It reads Kubernetes clusters: a registry of the configuration becomes one source per cluster,
   * `REGISTRY/CLUSTER`, whose settings also hold `cluster`, a `ClusterCredential`.
   */
  readonly needsClusters?: boolean;
}

/** Starts the one session of a registry. It must return at once and connect in the background. */
export type StartSession<T = Item> = (context: SessionContext<T>) => Session;

/** `T`: what the session tells; of a registry, its items. */
export interface SessionContext<T = Item> {
  /** The registry's id in the configuration; of a source in a cluster: `REGISTRY/CLUSTER`. */
  readonly registry: string;
  /** Parsed by the kind's schema, secrets resolved. */
  readonly settings: unknown;
  /**
   * Ids of what is known of the registry from earlier workers, whose place this one takes. For a
   * registry that does not spell out what lost its last instance: the first complete listing
   * still has to name it, for as long as the registry does not say that it is gone.
   */
  readonly known: readonly string[];
  readonly emit: Emitter<T>;
  readonly log: Logger;
}

export interface Session {
  /** Reads everything again and commits a listing; asked for before held removals are honoured. */
  relist(): void;
  /**
   * Takes over new settings while it runs, such as renewed credentials: the new connection serves before the
   * old one ends. False: it cannot, and another session has to take its place; so it is if this is absent.
   */
  update?(settings: unknown): boolean;
  /** Releases every socket and timer. Never rejects; the supervisor waits at most 0.8 s. */
  close(): Promise<void>;
}

/** What a session tells. All calls are cheap and return at once. */
export interface Emitter<T = Item> {
  /**
   * Starts a complete listing. While one is open, `changed` and `removed` still apply at once and
   * count as part of it: what changed meanwhile is not removed by the commit. Calls apply in
   * order, so a session adds what it read last. A newer listing takes the place of an open one.
   */
  listing(): Listing<T>;
  /** A complete listing at once: `listing()`, every item, `commit()`. */
  replaced(items: Iterable<T>): void;
  /** One item is new or different. The emitter drops it if its text did not change. */
  changed(item: T): void;
  /** The registry itself confirmed that the item is gone. `id` as made by `itemId`. */
  removed(id: string): void;
  /** Contact with the registry is lost or in doubt. Repeated calls keep the first `since`. */
  unreachable(reason: string): void;
  /** Contact is proven right now; cheap enough for every answered ping. Resets staleness only after a commit. */
  contact(): void;
  /** Something that smells of a restarting registry, for the protection to judge (it opens a hold). */
  suspicious(what: string): void;
  /** One datum was skipped. Counted and listed, at most a few per datum and minute logged. */
  problem(problem: Problem): void;
}

/** A listing grows the view as it arrives and shrinks it only on commit. */
export interface Listing<T = Item> {
  add(item: T): void;
  /** The registry still names the item, but it cannot be read now: its last known state stays, whoever told it. */
  keep(id: string): void;
  /** The listing is complete: whatever it neither added nor kept is gone, says the registry. Emits `synced` the first time. */
  commit(): void;
  /** The read failed; nothing is removed. */
  abandon(reason: string): void;
}

export interface Problem {
  /** Stable word, listed in `docs/errors.md`: `bad-url`, `bad-port`, … */
  readonly code: string;
  /** Where in the registry: a path, a file with line and column, a service. */
  readonly where: string;
  readonly message: string;
}
