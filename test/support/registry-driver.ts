/**
 * What the conformance rig needs from a registry kind: a server (real, fake, or a folder) it can
 * write to and hurt. A new kind writes one driver in `test/support/<kind>-driver.ts` and calls
 * `registryConformance(name, driver)` in `test/conformance/<kind>.test.ts`.
 *
 * Every operation resolves once the *server* has it; the rig then waits for the supervisor to
 * tell. Optional operations are faults or payloads the kind may not have: leave a method out and
 * its cases are skipped by name.
 */
import type { Fact, IstioResource, ServiceKey } from "../../src/registries/service.ts";

/** An instance as the rig thinks of it: an address and one port. */
export interface RigInstance {
  /** IPv4. */
  readonly address: string;
  readonly port: number;
}

export interface RigService {
  /** Legal in every registry: `com.example.rig.Orders`. */
  readonly name: string;
  readonly instances: readonly RigInstance[];
}

export interface RegistryDriver {
  /** The kind's `session` module. */
  readonly session: URL;
  /** Starts a fresh and empty server for one case. */
  start(): Promise<RegistryServer>;
  /** Most ms from a change at the server to its event, and from a loss of contact to `stale`. Default 15 000. */
  readonly patience?: number;
  /** Most ms from start to `live` with 10,000 services of 2 instances. Default 30 000. */
  readonly bulkPatience?: number;
}

export interface RegistryServer {
  /** For the session, as the kind's schema would give them (defaults filled in). Time-outs may be short. */
  readonly settings: unknown;

  /** The key under which the kind emits a service that was put under this name. */
  key(name: string): ServiceKey;
  /** Writes a service with exactly these instances (at least one): new, or in place of what was there. */
  put(service: RigService): Promise<void>;
  /** Writes many services at once, as quickly as the server takes them. */
  bulk(services: readonly RigService[]): Promise<void>;
  /** Takes the last instances away, as their providers would; the service itself stays if the registry knows such a thing. */
  removeInstances(name: string): Promise<void>;
  /** Takes the service away entirely; absent: the registry has no such act. */
  removeService?(name: string): Promise<void>;
  /** Ends the server and frees what it held; called in every state, also while killed or frozen. */
  stop(): Promise<void>;

  /** The server dies: connections break and new ones are refused. What it held is kept for `revive`. */
  kill?(): Promise<void>;
  /** After `kill`: back at the same address with the same data. */
  revive?(): Promise<void>;
  /** The server stays connected but says nothing any more (SIGSTOP, dropped packets). */
  freeze?(): Promise<void>;
  thaw?(): Promise<void>;
  /**
   * Readings fail half-way from now on: some data can be read, the rest cannot. Resolves to the
   * healing act. While it lasts nothing may be removed, whatever could not be read.
   */
  breakReads?(): Promise<() => Promise<void>>;
  /** Puts one bad datum beside the good ones of this service; resolves to the code of the expected problem. */
  corrupt?(name: string): Promise<string>;
  /** Registers a ready Istio object. */
  putResource?(resource: IstioResource): Promise<void>;
  /** Makes the registry tell this fact. */
  putFact?(fact: Fact): Promise<void>;
}
