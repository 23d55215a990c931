/** The two HTTP/2 frames with which a server that reads nothing tells a client why it must leave (RFC 9113, 3.4 and 6.8). */

const settings = 4;
const goAway = 7;
/** INADEQUATE_SECURITY: the nearest to "not with this certificate". */
const inadequateSecurity = 0xc;

/** @param reason becomes the debug data, which gRPC clients show */
export function goAwayFrames(reason: string): Uint8Array {
  const text = Buffer.from(reason);
  const payload = Buffer.alloc(8 + text.length);
  payload.writeUInt32BE(inadequateSecurity, 4); // after the last stream, 0
  text.copy(payload, 8);
  return Buffer.concat([frame(settings, Buffer.alloc(0)), frame(goAway, payload)]);
}

function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  return Buffer.concat([head, payload]);
}
