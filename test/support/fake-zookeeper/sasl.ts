/** The server's side of a SASL login with DIGEST-MD5 (RFC 2831), as ZooKeeper's servers do it. */
import { createHash, randomBytes } from "node:crypto";

const realm = "zk-sasl-md5";

export class SaslLogin {
  readonly #passwords: ReadonlyMap<string, string>;
  readonly #nonce = randomBytes(12).toString("hex");

  /** @param passwords by user */
  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords;
  }

  get challenge(): Buffer {
    return Buffer.from(`realm="${realm}",nonce="${this.#nonce}",charset=utf-8,algorithm=md5-sess,qop="auth"`);
  }

  /** Who it is and the server's own proof; undefined if it is not proven. */
  verify(token: Buffer): { readonly user: string; readonly proof: Buffer } | undefined {
    const said = new Map(
      Array.from(token.toString().matchAll(/([a-z-]+)=(?:"((?:[^"\\]|\\.)*)"|([^,]*))/g), ([, name, quoted, plain]) => [
        name,
        quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "",
      ]),
    );
    const user = said.get("username") ?? "";
    const password = this.#passwords.get(user);
    if (password === undefined || said.get("nonce") !== this.#nonce || said.get("realm") !== realm) return undefined;
    const secret = md5(`${user}:${realm}:${password}`).digest();
    const session = createHash("md5")
      .update(secret)
      .update(`:${this.#nonce}:${said.get("cnonce")}`)
      .digest("hex");
    const uri = said.get("digest-uri");
    const response = (method: string) => {
      const text = `${session}:${this.#nonce}:${said.get("nc")}:${said.get("cnonce")}:${said.get("qop")}`;
      return md5(`${text}:${md5(`${method}:${uri}`).digest("hex")}`).digest("hex");
    };
    if (uri !== `zookeeper/${realm}` || said.get("response") !== response("AUTHENTICATE")) return undefined;
    return { user, proof: Buffer.from(`rspauth=${response("")}`) };
  }
}

function md5(text: string) {
  return createHash("md5").update(text, "latin1");
}
