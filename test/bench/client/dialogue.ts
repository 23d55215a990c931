/** How a client speaks with the server: the messages of a protocol, without the connection. */
import { create } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";
import { NodeSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";

/** What an answer for ServiceEntries brought. */
export interface Taken {
  /** Resources in it. */
  readonly resources: number;
  /** Markers that were not held before. */
  readonly added: readonly number[];
  /** Markers that are held no longer. */
  readonly removed: readonly number[];
}

export interface Dialogue {
  readonly method: MethodDefinition<Buffer, Buffer>;
  /** The first requests of a stream, also of one after another. */
  open(): Buffer[];
  /** Acknowledges at once, and then looks at what came. Undefined where it is about another type. */
  receive(answer: Buffer, send: (request: Buffer) => void): Taken | undefined;
  /** Everything that is held, decoded: the number of services, and every endpoint as `host address:port`. */
  inspect(): { readonly services: number; readonly endpoints: string[] };
}

export const serviceEntries = "networking.istio.io/v1/ServiceEntry";

/** As istiod's: the server makes such a client wait for a complete view. */
export const istiod = create(NodeSchema, {
  id: "sidecar~10.0.0.1~istiod-0.istio-system~istio-system.svc.cluster.local",
  metadata: { GENERATOR: "api", ISTIO_REVISION: "default", ISTIO_VERSION: "65536.65536.65536" },
});
