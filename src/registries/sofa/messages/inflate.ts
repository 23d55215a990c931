/** Bodies that were compressed for the way. */
import { gunzipSync, zstdDecompressSync } from "node:zlib";

/** Encodings that are asked for, the best first. */
export const acceptedEncodings = "zstd,gzip";

/** A body that grows beyond this is not taken: it would fill the memory. */
const maxBytes = 256 * 1024 * 1024;

/** @throws Error for an unknown encoding, a broken body or one that is too large */
export function inflate(body: Uint8Array, encoding: string, maxOutputLength = maxBytes): Uint8Array {
  switch (encoding) {
    case "zstd":
      return zstdDecompressSync(body, { maxOutputLength });
    case "gzip":
      return gunzipSync(body, { maxOutputLength });
    default:
      throw new Error(`the body is encoded as ${JSON.stringify(encoding.slice(0, 32))}`);
  }
}
