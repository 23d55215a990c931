/**
 * Clients that end their stream right after a large answer, connect again, and do so again: they refuse messages of
 * that size. On the wire nothing says so, and the client's own log is far away. The answer cannot be split: clients
 * delete what their first answer lacks.
 */
import type { Logger } from "../../log/logger.ts";
import type { Push } from "../subscription.ts";
import type { ClientIdentity } from "./client.ts";

/** What gRPC clients receive by default, in bytes, less room for the message's head. */
const refusedBeyond = 4 * 1024 * 1024 - 512;
/** Right after: within this time, in ms. */
const rightAfter = 10_000;
/** Clients remembered, the latest. */
const maxClients = 100;

export class LargeAnswers {
  readonly #log: Logger;
  /** Node id → streams that ended so, in a row. */
  readonly #ends = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A stream was ended by its client. @param inFlight what it did not acknowledge @param now monotonic ms */
  gone(client: ClientIdentity, inFlight: Iterable<Push>, now: number): void {
    const id = client.nodeId ?? client.peer;
    const large = [...inFlight].find(({ bytes, sentAt }) => bytes > refusedBeyond && now - sentAt <= rightAfter);
    const ends = large ? (this.#ends.get(id) ?? 0) + 1 : 0;
    this.#ends.delete(id);
    if (!large) return;
    this.#ends.set(id, ends);
    if (this.#ends.size > maxClients) this.#ends.delete(this.#ends.keys().next().value!);
    // The second, and then ever more rarely.
    if (ends < 2 || (ends & (ends - 1)) !== 0) return;
    this.#log.warn(
      { ...client, bytes: large.bytes, times: ends },
      "xDS client ends its stream right after a large answer: raise the size of the messages that it receives; istio-mcp's client takes MCP_XDS_GRPC_MAXRECVMSGSIZE, in bytes, in its environment (4194304 by default)",
    );
  }
}
