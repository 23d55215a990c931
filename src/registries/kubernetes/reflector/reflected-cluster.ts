/**
 * The reflectors of one cluster and the connection under them: what a session of a kind that reads from API servers
 * is made of. It knows when everything that may be read is read, and whether contact holds.
 */
import type { ClusterCredential } from "../../../clusters/credential.ts";
import type { Logger } from "../../../log/logger.ts";
import type { Emitter } from "../../contract.ts";
import type { ApiFailure } from "../connection/api-failure.ts";
import { ClusterConnection } from "../connection/cluster-connection.ts";
import { askVersion, Heartbeat } from "../connection/heartbeat.ts";
import type { ClusterTimes } from "./cluster-times.ts";
import { Reflector } from "./reflector.ts";
import { grantNeeded, type Resource } from "./resource.ts";

export interface ReflectedClusterContext {
  readonly credential: ClusterCredential;
  readonly times: ClusterTimes;
  readonly emit: Pick<Emitter, "contact" | "unreachable" | "suspicious" | "problem">;
  readonly log: Logger;
  /**
   * Everything that may be read was read: for the first time, again, or after contact was lost. Whoever gets this
   * commits a listing of what the reflectors hold.
   */
  readonly complete: () => void;
}

/** While nobody answers: short enough to be back soon. */
const reflectorBackOff = { firstMs: 200, mostMs: 5_000 };

/** What is told of one object; see `ReflectorEvents.changed`. */
export type Changed<T> = (key: string, object: T | undefined, before: T | undefined) => void;

export class ReflectedCluster {
  readonly #context: ReflectedClusterContext;
  readonly #reflectors = new Set<Reflector<unknown>>();
  /** Those whose next complete list is still to come. */
  readonly #due = new Set<Reflector<unknown>>();
  /** Those that we never could read for want of permission, and what they lack. */
  readonly #refused = new Map<Reflector<unknown>, string>();
  /** What is out of contact, and why. */
  readonly #failing = new Set<Reflector<unknown> | Heartbeat>();
  readonly #heartbeat: Heartbeat;
  #connection: ClusterConnection;
  #relistTimer: NodeJS.Timeout | undefined;
  /** A credential that is being tried. */
  #candidate: ClusterConnection | undefined;
  #closed = false;

  constructor(context: ReflectedClusterContext) {
    const { credential, times } = context;
    this.#context = context;
    this.#connection = new ClusterConnection(credential, times.request);
    const heartbeat = new Heartbeat(() => this.#connection, times.heartbeat, {
      beat: () => this.#contact(heartbeat),
      missed: (failure) => this.#missed(failure),
    });
    this.#heartbeat = heartbeat;
  }

  get credential(): ClusterCredential {
    return this.#connection.credential;
  }

  /** @param optional it may stay forbidden, whether or not it could be read before */
  reflect<T>(resource: Resource<T>, changed: Changed<T>, optional = false): Reflector<T> {
    const { watch, request } = this.#context.times;
    const reflector: Reflector<T> = new Reflector(
      resource,
      () => this.#connection,
      {
        listed: () => this.#listed(known),
        changed,
        contact: () => this.#contact(known),
        failed: (failure, verb) => this.#failed(known, failure, verb, optional),
        wentBack: () => this.#wentBack(known),
      },
      { watchMs: watch, requestMs: request, backOff: reflectorBackOff },
    );
    const known = reflector as Reflector<unknown>;
    this.#reflectors.add(known);
    this.#due.add(known);
    return reflector;
  }

  /** What a resource lacks that could never be read; undefined: nothing. */
  refusal<T>(reflector: Reflector<T>): string | undefined {
    return this.#refused.get(reflector as Reflector<unknown>);
  }

  /** Reads everything again; `complete` follows. */
  relist(): void {
    clearTimeout(this.#relistTimer);
    for (const reflector of this.#reflectors) {
      this.#due.add(reflector);
      reflector.relist();
    }
  }

  /**
   * Goes over to another credential of the same cluster, as soon as that has proved good; until then, and if it does
   * not, everything stays as it is.
   */
  async update(credential: ClusterCredential): Promise<void> {
    const { times, log } = this.#context;
    const candidate = new ClusterConnection(credential, times.request);
    this.#candidate?.close();
    this.#candidate = candidate;
    try {
      await askVersion(candidate, times.request);
    } catch (error) {
      if (this.#candidate !== candidate || this.#closed) return;
      // What we have is perhaps no better: then there is nothing to lose.
      if (this.#failing.size === 0) {
        log.warn({ cluster: credential.id }, `the new credential does not serve, the old one stays: ${(error as Error).message}`);
        this.#candidate = undefined;
        candidate.close();
        return;
      }
    }
    if (this.#candidate !== candidate || this.#closed) return;
    this.#candidate = undefined;
    const old = this.#connection;
    this.#connection = candidate;
    for (const reflector of this.#reflectors) reflector.reconnect();
    old.close();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#relistTimer);
    this.#heartbeat.stop();
    for (const reflector of this.#reflectors) reflector.close();
    this.#candidate?.close();
    this.#connection.close();
  }

  #listed(reflector: Reflector<unknown>): void {
    this.#refused.delete(reflector);
    this.#due.delete(reflector);
    this.#failing.delete(reflector);
    this.#completeIfSo();
  }

  #contact(who: Reflector<unknown> | Heartbeat): void {
    if (this.#closed) return;
    const wasFailing = this.#failing.delete(who);
    if (this.#failing.size > 0) return;
    this.#context.emit.contact();
    // What was known is what is: the watches go on where they were.
    if (wasFailing) this.#completeIfSo();
  }

  #failed(reflector: Reflector<unknown>, failure: ApiFailure, verb: "list" | "watch", optional: boolean): void {
    if (this.#closed) return;
    const { emit } = this.#context;
    const { resource } = reflector;
    // 404: the API server does not know the resource at all.
    const refused = failure.kind === "forbidden" || failure.status === 404;
    if (refused) {
      const lack = grantNeeded(resource, verb);
      const instead = verb === "watch" ? "; it is listed again and again instead" : "";
      emit.problem({ code: "no-permission", where: resource.name, message: `${lack}${instead} (${failure.message})` });
      if (verb === "watch") return;
      if (!reflector.isListed || optional) {
        this.#refused.set(reflector, lack);
        this.#due.delete(reflector);
        this.#failing.delete(reflector);
        this.#completeIfSo();
        return;
      }
    }
    this.#failing.add(reflector);
    this.#unreachable(`cannot ${verb} ${resource.name}: ${failure.message}`);
  }

  #missed(failure: ApiFailure): void {
    this.#failing.add(this.#heartbeat);
    this.#unreachable(failure.message);
    // Nobody waits on sockets behind which nobody is.
    if (failure.kind === "silent") this.#connection.breakOff(failure);
  }

  #unreachable(reason: string): void {
    const { server, id } = this.credential;
    this.#context.emit.unreachable(`cluster ${id} (${new URL(server).host}): ${reason}`);
  }

  #wentBack(reflector: Reflector<unknown>): void {
    this.#due.add(reflector);
    this.#context.emit.suspicious(
      `the resource versions of ${reflector.resource.name} went back: the cluster's etcd was restored or replaced`,
    );
  }

  #completeIfSo(): void {
    if (this.#closed || this.#due.size > 0 || this.#failing.size > 0) return;
    const { complete, times } = this.#context;
    clearTimeout(this.#relistTimer);
    this.#relistTimer = setTimeout(() => this.relist(), times.relist * (0.9 + 0.2 * Math.random()));
    complete();
  }
}
