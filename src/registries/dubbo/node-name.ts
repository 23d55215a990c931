/** Thrown for a percent-escape that is not two hexadecimal digits, or bytes that are not UTF-8. */
export class BadEscape extends Error {}

/**
 * A Dubbo node's name is text encoded once by Java's `URLEncoder`: space as `+`, the letters, digits
 * and `*-._` literal, everything else as `%XX`. It is decoded once: values may hold a literal `%`.
 * @throws BadEscape
 */
export function decodeNodeName(name: string): string {
  try {
    return decodeURIComponent(name.includes("+") ? name.replaceAll("+", "%20") : name);
  } catch {
    throw new BadEscape(`bad percent-escape in ${JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name)}`);
  }
}

/** A text as Dubbo writes it into a node's name. */
export function encodeNodeName(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Whether others' text can be an interface's name, and so a part of a path: without slashes, white space, control
 * characters and halves of characters, and neither of the names that mean a folder.
 */
export function isInterfaceName(text: string): boolean {
  return /^[^\s/\p{C}]{1,256}$/u.test(text) && text !== "." && text !== "..";
}

/**
 * A node's name that is a URL, decoded. `;` separates parameters as `&` does, since Dubbo's own parser
 * takes it so (`URLStrParser`), also in the middle of a value.
 * @throws BadEscape
 */
export function decodeUrl(name: string): string {
  const url = decodeNodeName(name);
  return url.includes(";") ? url.replaceAll(";", "&") : url;
}
