/**
 * Which dialect a stream of `StreamAggregatedResources` speaks: full state, or increments as istio-mcp's clients
 * take them. The port decides, unless the client says in its node metadata what it wants.
 *
 * Stock istiod never gets increments by mistake, because it would delete what an increment leaves out. It is known,
 * in every version (observed), by asking for the mesh's configuration first, as nothing else does.
 */
import { DiscoveryRequestSchema, type Node } from "../gen/envoy/service/discovery/v3/discovery_pb.ts";
import type { Logger } from "../log/logger.ts";
import { decodeRequest } from "./decode-request.ts";
import type { Moment, Outgoing, Protocol, ProtocolName, Received, Refused } from "./protocol.ts";
import type { Subscription } from "./subscription.ts";

export type Dialect = Extract<ProtocolName, "sotw" | "incremental">;

/** Node metadata with which a client asks for a dialect: `"true"` for increments, `"false"` for full state. */
const dialectKey = "MCP_INC_PUSH";
const meshConfig = "core/v1alpha1/MeshConfig";

/** Pure. @param port what the port speaks by itself */
export function dialectOf(node: Node | undefined, typeUrl: string, port: Dialect): Dialect {
  const wish = node?.metadata?.[dialectKey];
  if (wish === true || wish === "true") return "incremental";
  if (wish === false || wish === "false") return "sotw";
  return isStockIstiod(node, typeUrl) ? "sotw" : port;
}

function isStockIstiod(node: Node | undefined, typeUrl: string): boolean {
  return node?.metadata?.GENERATOR === "api" && typeUrl === meshConfig;
}

export interface DialectOptions {
  readonly port: Dialect;
  /** Makes the protocol, when it is known which. */
  readonly speak: (dialect: Dialect) => Protocol;
  readonly log: Logger;
}

/** A stream whose first request decides which dialect it speaks. */
export class DialectProtocol implements Protocol {
  readonly #options: DialectOptions;
  #spoken: Protocol | undefined;

  constructor(options: DialectOptions) {
    this.#options = options;
  }

  get name(): ProtocolName {
    return this.#spoken?.name ?? this.#options.port;
  }

  get names(): number {
    return this.#spoken?.names ?? 0;
  }

  subscriptions(): Iterable<Subscription> {
    return this.#spoken?.subscriptions() ?? [];
  }

  receive(bytes: Uint8Array, now: number): Received {
    this.#spoken ??= this.#choose(bytes);
    return this.#spoken.receive(bytes, now);
  }

  next(subscription: Subscription, moment: Moment): Outgoing | Refused | undefined {
    return this.#spoken?.next(subscription, moment);
  }

  #choose(bytes: Uint8Array): Protocol {
    const { port, speak, log } = this.#options;
    const request = decodeRequest(DiscoveryRequestSchema, bytes);
    // What cannot be decoded is refused by either.
    if ("refused" in request) return speak(port);
    const dialect = dialectOf(request.node, request.typeUrl, port);
    if (port === "incremental" && dialect === "sotw") {
      log.warn({}, `a client on the incremental port gets full state: stock istiod, or ${dialectKey} is "false" in its node metadata`);
    }
    return speak(dialect);
  }
}
