/** A client process for `full-push.ts`: asks for one type at argv[2] and acknowledges every answer as soon as it is there. */
import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Client, credentials } from "@grpc/grpc-js";
import { DiscoveryRequestSchema } from "../../../src/gen/envoy/service/discovery/v3/discovery_pb.ts";
import { streamAggregatedResources } from "../../../src/xds/port/discovery-service.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const client = new Client(process.argv[2]!, credentials.createInsecure(), {
  "grpc.max_receive_message_length": -1,
  "grpc-node.flow_control_window": 1024 * 1024, // as istiod's
});
const { path, requestSerialize, responseDeserialize } = streamAggregatedResources;
const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
const request = (responseNonce: string) =>
  call.write(Buffer.from(toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, { typeUrl, responseNonce }))));
call.on("data", (bytes: Buffer) => request(nonceOf(bytes)));
call.on("error", () => process.exit());
request("");

/** Reads no further than to the nonce, which comes before the resources. */
function nonceOf(bytes: Buffer): string {
  const reader = new BinaryReader(bytes);
  for (;;) {
    const [field, wireType] = reader.tag();
    if (field === 5) return reader.string();
    reader.skip(wireType, field);
  }
}
