/** Texts as Java's own serialization writes them (Java Object Serialization Specification, 6.4). */

const magic = Buffer.from([0xac, 0xed, 0x00, 0x05]);
const shortString = 0x74;
const longString = 0x7c;

/** @param base64 the serialized object. @returns undefined for anything but a text */
export function javaString(base64: unknown): string | undefined {
  if (typeof base64 !== "string") return undefined;
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length < 7 || !bytes.subarray(0, 4).equals(magic)) return undefined;
  const start = bytes[4] === shortString ? 7 : bytes[4] === longString ? 13 : 0;
  if (start === 0 || bytes.length < start) return undefined;
  const length = start === 7 ? bytes.readUInt16BE(5) : Number(bytes.readBigUInt64BE(5));
  // Modified UTF-8: only NUL and characters beyond U+FFFF are written otherwise, and no provider has them.
  return length === bytes.length - start ? bytes.toString("utf8", start) : undefined;
}
