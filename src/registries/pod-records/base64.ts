/** Base64 in either alphabet, but not both in one text; padded, or without any padding. Line breaks are passed over, as Go does. */
const alphabets = [/^[A-Za-z0-9+/]*={0,2}$/, /^[A-Za-z0-9_-]*={0,2}$/];

/** The bytes; undefined if the text is not base64 to the last character. Node's own decoder skips whatever it does not know. */
export function decodeBase64(text: string): Buffer | undefined {
  const joined = text.replace(/[\r\n]/g, "");
  if (!alphabets.some((alphabet) => alphabet.test(joined))) return undefined;
  const bare = joined.replace(/=+$/, "");
  if (joined.length !== bare.length && joined.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(bare, "base64url");
  // Bits behind the last byte must be zero: else two texts would mean the same.
  return bytes.toString("base64url") === bare.replaceAll("+", "-").replaceAll("/", "_") ? bytes : undefined;
}

/** Strictly UTF-8; undefined for any other bytes. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
