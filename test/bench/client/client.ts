/**
 * A client process: asks in the protocol that its first argument names, acknowledges every answer as
 * soon as it is there, and tells when it came and which markers it brought.
 */
import { connect } from "node:net";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import { endpointDigest } from "../load/endpoint-digest.ts";
import { sharedNow } from "../measuring/clock.ts";
import { otherEnd } from "../measuring/other-end.ts";
import type { FromClient, ToClient } from "./client-messages.ts";
import { Delta } from "./delta.ts";
import type { Dialogue } from "./dialogue.ts";
import { FullState } from "./full-state.ts";

const dialogue: Dialogue = process.argv[2] === "delta" ? new Delta() : new FullState();
let stream: ClientDuplexStream<Buffer, Buffer> | undefined;

const tell = otherEnd<ToClient, FromClient>((message) => {
  if (message.type === "inspect") inspect();
  else {
    const before = stream;
    stream = undefined;
    before?.cancel();
    openWhenListening(message.port);
  }
});
tell({ type: "ready" });

function open(port: number): void {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    "grpc.max_receive_message_length": -1,
    "grpc.use_local_subchannel_pool": 1,
    "grpc-node.flow_control_window": 1024 * 1024, // as istiod's
  });
  const { path, requestSerialize, responseDeserialize } = dialogue.method;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream = call;
  call.on("data", (bytes: Buffer) => {
    if (stream === call) receive(call, bytes);
  });
  call.on("error", (error) => {
    client.close();
    if (stream === call) tell({ type: "ended", reason: error.message });
  });
  for (const request of dialogue.open()) call.write(request);
}

function receive(call: ClientDuplexStream<Buffer, Buffer>, bytes: Buffer): void {
  const at = sharedNow();
  const taken = dialogue.receive(bytes, (request) => call.write(request));
  if (taken) tell({ type: "arrival", at, bytes: bytes.byteLength, ...taken });
}

function inspect(): void {
  const { services, endpoints } = dialogue.inspect();
  tell({ type: "inspection", services, endpoints: endpoints.length, digest: endpointDigest(endpoints) });
}

/** Tries until something listens; istiod would be started later and find it listening. */
function openWhenListening(port: number): void {
  const socket = connect(port, "127.0.0.1");
  socket.once("connect", () => {
    socket.destroy();
    open(port);
  });
  socket.once("error", () => setTimeout(openWhenListening, 5, port));
}
