import { crc32 } from "node:zlib";

/** CRC-32 as files carry it in their first line: 8 hexadecimal digits; of a text, over its UTF-8 bytes. */
export function checksum(content: string | Uint8Array): string {
  return crc32(content).toString(16).padStart(8, "0");
}
