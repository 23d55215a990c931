/**
 * Two ways to send one message of many pieces on a grpc-js server call.
 *
 * grpc-js takes a message as one Buffer and copies it once more behind its prefix: two copies of
 * 20 MB per push. `piecewise` hands the pieces to the HTTP/2 stream beneath instead, which only
 * refers to them. It uses grpc-js's private fields, so it is taken only where they look as
 * expected; otherwise `buffered` does the same through the public interface.
 */
import { Duplex } from "node:stream";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import { coalesce, grpcPrefix } from "../response.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;

export interface Sender {
  readonly way: "piecewise" | "buffered";
  /**
   * Sends one message made of these pieces. The pieces are referred to until `done` is called,
   * which happens once, after the transport took the last byte or failed.
   */
  send(pieces: readonly Uint8Array[], done: (error?: Error | null) => void): void;
}

export function senderFor(call: Call): Sender {
  const stream = http2StreamOf(call);
  return stream ? piecewiseSender(call, stream) : bufferedSender(call);
}

export function bufferedSender(call: Call): Sender {
  return {
    way: "buffered",
    send: (pieces, done) => {
      call.write(Buffer.concat(pieces), done);
    },
  };
}

function piecewiseSender(call: Call, stream: Duplex): Sender {
  return {
    way: "piecewise",
    send(pieces, done) {
      call.sendMetadata(new Metadata()); // the response's headers; grpc-js ignores all but the first
      const message = coalesce([grpcPrefix(pieces.reduce((sum, piece) => sum + piece.byteLength, 0)), ...pieces]);
      const last = message.pop();
      stream.cork();
      for (const piece of message) stream.write(piece);
      stream.write(last, done);
      stream.uncork();
    },
  };
}

/** The HTTP/2 stream of a call, if this version of grpc-js keeps it where we know it. */
export function http2StreamOf(call: Call): (Duplex & { close(code: number): void }) | undefined {
  const base: unknown = Reflect.get(call, "call");
  if (typeof base !== "object" || base === null) return undefined;
  // The methods show that it is the innermost call, which writes to the stream and nothing else.
  const expected = ["sendMessage", "sendMetadata", "serializeMessage"].every((method) => typeof Reflect.get(base, method) === "function");
  const stream: unknown = Reflect.get(base, "stream");
  if (!expected || !(stream instanceof Duplex)) return undefined;
  const http2 = ["respond", "sendTrailers", "close"].every((method) => typeof Reflect.get(stream, method) === "function");
  return http2 ? (stream as Duplex & { close(code: number): void }) : undefined;
}
