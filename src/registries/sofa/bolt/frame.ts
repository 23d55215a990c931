/** Frames of the Bolt protocol, version 1: what a session server and its clients exchange. Numbers are big-endian. */

/** `oneway`: a request that wants no answer. */
export type FrameType = "request" | "response" | "oneway";

export interface Frame {
  readonly type: FrameType;
  readonly command: number;
  /** Pairs a response with its request. */
  readonly id: number;
  /** How the content is written; requests of a server say it wrongly, the class tells. */
  readonly codec: number;
  /** Of responses; 0 is good. */
  readonly status: number;
  /** Java class of the content; empty for heartbeats. */
  readonly className: string;
  readonly content: Buffer;
}

/** Content of a message, with what its frame says of it. */
export interface Message {
  readonly codec: number;
  readonly className: string;
  readonly content: Uint8Array;
}

export const command = { heartbeat: 0, request: 1, response: 2 } as const;
export const codecs = { hessian: 1, protobuf: 11 } as const;

const protocol = 1;
const types: readonly FrameType[] = ["response", "request", "oneway"];
const requestHead = 22;
const responseHead = 20;
const nothing = new Uint8Array(0);

/** Says why bytes are no frame. */
export class BadFrame extends Error {}

/** Bytes at the beginning of a frame that tell how long it is; 0 while too few are there to know even that. */
export function headLength(bytes: Buffer): number {
  if (bytes.length > 0 && bytes[0] !== protocol) {
    const text = bytes.toString("latin1", 0, 16).replace(/[^\x20-\x7e]/g, ".");
    throw new BadFrame(`no Bolt server: what it says begins with ${JSON.stringify(text)}`);
  }
  if (bytes.length < 2) return 0;
  const type = types[bytes[1]!];
  if (type === undefined) throw new BadFrame(`a frame of unknown type ${bytes[1]}`);
  return type === "response" ? responseHead : requestHead;
}

/** Length of the whole frame, its head included. @param head all of it */
export function frameLength(head: Buffer, headBytes: number): number {
  const classLength = head.readInt16BE(headBytes - 8);
  const headerLength = head.readInt16BE(headBytes - 6);
  const contentLength = head.readInt32BE(headBytes - 4);
  if (classLength < 0 || headerLength < 0 || contentLength < 0) throw new BadFrame("a frame with a part of negative length");
  return headBytes + classLength + headerLength + contentLength;
}

/** Reads one whole frame; its content is a view of the bytes. */
export function readFrame(bytes: Buffer): Frame {
  const head = headLength(bytes);
  const type = types[bytes[1]!]!;
  const classEnd = head + bytes.readInt16BE(head - 8);
  return {
    type,
    command: bytes.readInt16BE(2),
    id: bytes.readInt32BE(5),
    codec: bytes[9]!,
    status: type === "response" ? bytes.readInt16BE(10) : 0,
    className: bytes.toString("latin1", head, classEnd),
    content: bytes.subarray(classEnd + bytes.readInt16BE(head - 6)),
  };
}

/** @param timeout ms that the receiver may take */
export function encodeRequest(id: number, timeout: number, { codec, className, content }: Message): Buffer {
  const frame = withHead(requestHead, "request", command.request, id, codec, className, content);
  frame.writeInt32BE(timeout, 10);
  return frame;
}

export function encodeResponse(id: number, { codec, className, content }: Message): Buffer {
  return withHead(responseHead, "response", command.response, id, codec, className, content);
}

/** @param timeout ms that the receiver may take */
export function encodeHeartbeat(id: number, timeout: number): Buffer {
  const frame = withHead(requestHead, "request", command.heartbeat, id, codecs.hessian, "", nothing);
  frame.writeInt32BE(timeout, 10);
  return frame;
}

export function encodeHeartbeatAnswer(id: number): Buffer {
  return withHead(responseHead, "response", command.heartbeat, id, codecs.hessian, "", nothing);
}

function withHead(
  head: number,
  type: FrameType,
  commandCode: number,
  id: number,
  codec: number,
  className: string,
  content: Uint8Array,
): Buffer {
  const frame = Buffer.alloc(head + className.length + content.length);
  frame[0] = protocol;
  frame[1] = types.indexOf(type);
  frame.writeInt16BE(commandCode, 2);
  // Version of the command.
  frame[4] = 1;
  frame.writeInt32BE(id, 5);
  frame[9] = codec;
  frame.writeInt16BE(className.length, head - 8);
  frame.writeInt32BE(content.length, head - 4);
  frame.write(className, head, "latin1");
  frame.set(content, head + className.length);
  return frame;
}
