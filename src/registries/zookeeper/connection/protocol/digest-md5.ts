/**
 * SASL DIGEST-MD5 (RFC 2831) as ZooKeeper's servers speak it: a proof of knowing a password that does not
 * show it, and the server's proof in return. Without the security layers, for which there is TLS.
 */
import { hash } from "node:crypto";

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
}

export interface DigestAnswer {
  readonly token: Buffer;
  /** What a server that knows the password says to it. */
  readonly proof: string;
}

/** By RFC 2831. */
const maxChallenge = 2_048;
/** `name=token` or `name="quoted"`, and what separates it from the next. */
const directive = /[\s,]*([A-Za-z0-9-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?:,|$)/y;
/** Every ZooKeeper server calls itself so, wherever it runs. */
const zookeeper = "zookeeper/zk-sasl-md5";

/** @throws RangeError for what is no challenge, or asks for what ZooKeeper's servers do not */
export function readChallenge(token: Buffer): DigestChallenge {
  if (token.length > maxChallenge) throw new RangeError(`a challenge of ${token.length} bytes`);
  const directives = readDirectives(token.toString("utf8").trim());
  const { realm = "", nonce, qop = "auth", algorithm } = directives;
  if (!nonce || algorithm !== "md5-sess" || !qop.split(",").some((each) => each.trim() === "auth")) {
    throw new RangeError("a challenge that is not of DIGEST-MD5");
  }
  return { realm, nonce };
}

function readDirectives(text: string): Readonly<Record<string, string | undefined>> {
  const directives = new Map<string, string>();
  directive.lastIndex = 0;
  for (let at = 0; at < text.length; at = directive.lastIndex) {
    const found = directive.exec(text);
    if (!found) throw new RangeError("a challenge that cannot be read");
    const [, name = "", quoted, plain] = found;
    // The first of several realms is as good as any.
    if (!directives.has(name)) directives.set(name, quoted?.replace(/\\(.)/gs, "$1") ?? plain ?? "");
  }
  return Object.fromEntries(directives);
}

/**
 * @param cnonce our own random text, of characters that need no quoting
 * @param uri service and host, as the server calls itself
 */
export function answerChallenge(
  { realm, nonce }: DigestChallenge,
  { user, password }: { readonly user: string; readonly password: string },
  cnonce: string,
  uri = zookeeper,
): DigestAnswer {
  const secret = md5(Buffer.concat([characters(user), colon, characters(realm), colon, characters(password)]));
  const session = md5(Buffer.concat([secret, Buffer.from(`:${nonce}:${cnonce}`)])).toString("hex");
  const count = "00000001";
  const response = (method: string) => hash("md5", `${session}:${nonce}:${count}:${cnonce}:auth:${hash("md5", `${method}:${uri}`)}`);
  const token = [
    "charset=utf-8",
    `username=${quote(user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `nc=${count}`,
    `cnonce=${quote(cnonce)}`,
    `digest-uri=${quote(uri)}`,
    `response=${response("AUTHENTICATE")}`,
    "qop=auth",
  ].join(",");
  return { token: Buffer.from(token), proof: `rspauth=${response("")}` };
}

const colon = Buffer.from(":");

function md5(bytes: Buffer): Buffer {
  return hash("md5", bytes, "buffer");
}

/** In Latin-1 where that holds them, also with UTF-8 all around (RFC 2831, 2.1.2.1). */
function characters(text: string): Buffer {
  return Buffer.from(text, /^[^\u0100-\uffff]*$/.test(text) ? "latin1" : "utf8");
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
