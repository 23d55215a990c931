/**
 * Asks one API server for `/readyz`, again and again. Its word is for the eye and for reconnecting sooner: it never
 * takes anything from what is served. Live: healthy; stale: unhealthy.
 */
import { backOff } from "../../registries/back-off.ts";
import type { Session, SessionContext } from "../../registries/contract.ts";
import type { ApiFailure } from "../../registries/kubernetes/connection/api-failure.ts";
import { ClusterConnection } from "../../registries/kubernetes/connection/cluster-connection.ts";
import type { ClusterCredential } from "../credential.ts";
import type { ClusterItem } from "../offer.ts";
import { type ProbeThresholds, ProbeVerdict } from "./thresholds.ts";

/** What the session needs to know; made from the configuration. Times in ms. */
export interface ProbeSettings extends ProbeThresholds {
  readonly cluster: ClusterCredential;
  readonly interval: number;
  readonly timeout: number;
}

/** While a cluster does not answer, it is asked less and less often, down to this. ms */
const mostMs = 60_000;
/** Many clusters are not asked in the same moment. */
const jitter = 0.1;

export function start(context: SessionContext<ClusterItem>): Session {
  return new ProbeSession(context);
}

class ProbeSession implements Session {
  readonly #context: SessionContext<ClusterItem>;
  #settings: ProbeSettings;
  #connection: ClusterConnection;
  #verdict: ProbeVerdict;
  /** Of the probe whose answer counts. */
  #turn = 0;
  /** Failures in a row. */
  #failures = 0;
  #next: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(context: SessionContext<ClusterItem>) {
    this.#context = context;
    this.#settings = context.settings as ProbeSettings;
    this.#connection = this.#connect();
    this.#verdict = new ProbeVerdict(this.#settings);
    void this.#probe();
  }

  relist(): void {
    void this.#probe();
  }

  update(settings: unknown): boolean {
    this.#settings = settings as ProbeSettings;
    this.#verdict = new ProbeVerdict(this.#settings);
    this.#failures = 0;
    this.#reconnect();
    this.relist();
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#next);
    this.#connection.close();
  }

  async #probe(): Promise<void> {
    clearTimeout(this.#next);
    const turn = ++this.#turn;
    let failure: ApiFailure | undefined;
    try {
      await this.#connection.text({ path: "/readyz", timeoutMs: this.#settings.timeout });
    } catch (error) {
      // Whoever may not ask is answered all the same.
      if ((error as ApiFailure).kind !== "forbidden") failure = error as ApiFailure;
    }
    // Another probe took its place.
    if (this.#closed || turn !== this.#turn) return;
    const wasHealthy = this.#verdict.isHealthy;
    const isHealthy = this.#verdict.probed(failure === undefined);
    const { emit } = this.#context;
    if (isHealthy === true && failure === undefined) {
      if (wasHealthy) emit.contact();
      else emit.replaced([]);
    } else if (isHealthy === false && failure !== undefined) emit.unreachable(failure.message);
    if (failure === undefined) this.#failures = 0;
    else {
      this.#failures += 1;
      // Name, route and TLS may be others by now.
      this.#reconnect();
    }
    this.#next = setTimeout(() => void this.#probe(), this.#pause());
  }

  /** ms */
  #pause(): number {
    const { interval, unhealthyThreshold } = this.#settings;
    if (this.#failures < unhealthyThreshold) return interval * (1 - jitter + 2 * jitter * Math.random());
    return backOff(this.#failures - unhealthyThreshold, { firstMs: interval, mostMs: Math.max(mostMs, interval) }, Math.random());
  }

  #connect(): ClusterConnection {
    return new ClusterConnection(this.#settings.cluster, this.#settings.timeout);
  }

  #reconnect(): void {
    this.#connection.close();
    this.#connection = this.#connect();
  }
}
