/** Asks an API server for next to nothing, again and again: a server that stands still is noticed, and so is a credential that does not count any more. */
import { ApiFailure } from "./api-failure.ts";
import type { ClusterConnection } from "./cluster-connection.ts";

export interface HeartbeatEvents {
  /** The server answered, and knows us. */
  beat(): void;
  missed(failure: ApiFailure): void;
}

export class Heartbeat {
  readonly #connection: () => ClusterConnection;
  readonly #intervalMs: number;
  readonly #events: HeartbeatEvents;
  #timer: NodeJS.Timeout;
  #stopped = false;

  /** @param intervalMs between an answer and the next question, and most for an answer */
  constructor(connection: () => ClusterConnection, intervalMs: number, events: HeartbeatEvents) {
    this.#connection = connection;
    this.#intervalMs = intervalMs;
    this.#events = events;
    this.#timer = setTimeout(() => void this.#ask(), intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    const connection = this.#connection();
    try {
      await askVersion(connection, this.#intervalMs);
      if (!this.#stopped) this.#events.beat();
    } catch (error) {
      // A connection that was replaced meanwhile says nothing about the one there is now.
      if (!this.#stopped && connection === this.#connection()) this.#events.missed(error as ApiFailure);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#ask(), this.#intervalMs);
  }
}

/**
 * Resolves if the server answers and knows the credential.
 * @throws ApiFailure
 */
export async function askVersion(connection: ClusterConnection, timeoutMs: number): Promise<void> {
  try {
    await connection.json({ path: "/version", timeoutMs });
  } catch (error) {
    // Whatever else it answers, it answers.
    const alive = error instanceof ApiFailure && error.status !== undefined && error.kind !== "unauthorized";
    if (!alive) throw error;
  }
}
