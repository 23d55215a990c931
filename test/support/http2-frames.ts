/** HTTP/2 frames as bytes, for clients that do what no library lets them. */
import { connect, type Socket } from "node:net";

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export function frame(type: keyof typeof frameTypes, stream: number, payload: Uint8Array = new Uint8Array(), flag = 0): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = frameTypes[type];
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** With what every client begins. */
export const hello = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame("settings", 0)]);

/** A header block of literals, without a table (RFC 7541, 6.2.2). */
export function headerBlock(headers: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

export function rpcHeaders(
  method: "StreamAggregatedResources" | "DeltaAggregatedResources",
  more: readonly (readonly [string, string])[] = [],
): Buffer {
  return headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", `/envoy.service.discovery.v3.AggregatedDiscoveryService/${method}`],
    [":authority", "localhost"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ]);
}

/** A gRPC message as the payload of DATA frames. */
export function grpcMessage(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A connection whose client sends bytes as they are, and drops what it reads, unless it is paused. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  /** Bytes received. */
  received = 0;
  /** The last bytes received, where a GOAWAY stands. */
  tail: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("data", (bytes) => {
      this.received += bytes.length;
      this.tail = Buffer.concat([this.tail, bytes]).subarray(-4096);
    });
    this.closed = new Promise((resolve) => this.socket.once("close", () => resolve()));
  }

  /** Resolves when the bytes are on their way, or the connection is gone. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.socket.destroyed || this.socket.write(bytes)) return;
    await Promise.race([new Promise((resolve) => this.socket.once("drain", resolve)), this.closed]);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length: number[] = [];
  let rest = bytes.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) | 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), bytes]);
}
