/** Who asks: one token for all connections of a registry, renewed before it expires and when a server no longer knows it. */
import type { AccessSettings, NacosServer } from "../settings.ts";
import { logIn } from "./login.ts";
import { configSignature, namingSignature } from "./signature.ts";

/** What a request is about, for its signature. */
export type Subject =
  /** A service, or with an empty name a group. */
  | { readonly kind: "service"; readonly group: string; readonly name: string }
  | { readonly kind: "config"; readonly tenant: string; readonly group: string };

/** Of a token's life, how much passes until it is renewed. */
const renewAfter = 0.8;
/** A token that is refused while it is younger than this is not the reason; ms. */
const young = 60_000;

interface HeldToken {
  readonly text: string;
  /** By `performance.now()`. */
  readonly since: number;
  readonly lifetime: number;
}

export class Credentials {
  readonly #settings: AccessSettings;
  #token: HeldToken | undefined;
  #login: Promise<HeldToken> | undefined;

  constructor(settings: AccessSettings) {
    this.#settings = settings;
  }

  /**
   * Headers of a request; the same over HTTP and gRPC.
   * @throws RequestRefused if the login is refused, Error if it fails
   */
  async headers(server: NacosServer, subject?: Subject): Promise<Record<string, string>> {
    const { auth } = this.#settings;
    if (!auth) return {};
    const token = await this.#validToken(server);
    return { ...auth.headers, ...this.#signature(subject), ...(token !== undefined && { accessToken: token }) };
  }

  /**
   * A server refused a request with these headers.
   * @returns whether it makes sense to try once more, with new ones
   */
  refused({ accessToken }: Readonly<Record<string, string>>): boolean {
    if (accessToken === undefined) return false;
    const token = this.#token;
    if (token?.text !== accessToken) return true;
    if (performance.now() - token.since < Math.min(young, token.lifetime / 2)) return false;
    this.#token = undefined;
    return true;
  }

  async #validToken(server: NacosServer): Promise<string | undefined> {
    const { user, password } = this.#settings.auth ?? {};
    if (user === undefined || password === undefined) return undefined;
    if (this.#token && performance.now() - this.#token.since < this.#token.lifetime * renewAfter) return this.#token.text;
    this.#login ??= this.#logIn(server, user, password);
    return (await this.#login).text;
  }

  async #logIn(server: NacosServer, user: string, password: string): Promise<HeldToken> {
    try {
      const since = performance.now();
      this.#token = { ...(await logIn(server, this.#settings, user, password)), since };
      return this.#token;
    } finally {
      this.#login = undefined;
    }
  }

  #signature(subject: Subject | undefined): Record<string, string> {
    const { accessKey, secretKey } = this.#settings.auth ?? {};
    if (accessKey === undefined || secretKey === undefined || !subject) return {};
    const key = { accessKey, secretKey };
    return subject.kind === "service"
      ? namingSignature(key, `${subject.group}@@${subject.name}`, Date.now())
      : configSignature(key, subject.tenant, subject.group, Date.now());
  }
}
