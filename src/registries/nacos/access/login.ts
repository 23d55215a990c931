/** Asks a server for a token, for user and password. */
import { RequestRefused } from "../naming-source.ts";
import type { AccessSettings, NacosServer } from "../settings.ts";
import { httpRequest } from "./http-request.ts";
import { bodyText, isAbsent } from "./other-versions.ts";

export interface Token {
  readonly text: string;
  /** ms. */
  readonly lifetime: number;
}

/** Of the versions 1.x to 3.1, and of 3.0 and later. */
const paths = ["/v1/auth/login", "/v3/auth/user/login"];
/** s; what servers grant by default, should one not say. */
const usualLifetime = 18_000;
const shortest = 1_000;

/**
 * @throws RequestRefused if the server knows the user and the password is another, or the other way round
 * @throws Error if it does not answer, or has no such thing as a login
 */
export async function logIn(server: NacosServer, settings: AccessSettings, user: string, password: string): Promise<Token> {
  const tried: string[] = [];
  for (const path of paths) {
    const { status, text } = await httpRequest(server, settings, { method: "POST", path, form: { username: user, password } });
    const token = status === 200 ? readToken(text) : undefined;
    if (token) return token;
    tried.push(`${path}: ${status} ${bodyText(text)}`.trim());
    if (isAbsent(status)) continue;
    // A wrong password is 403 on 2.x and 500 on 3.x (observed); a proxy without its server says 502 to 504.
    const message = `the login of ${user} failed: ${tried.at(-1)}`;
    if (status >= 502) throw new Error(message);
    throw new RequestRefused(`${message}; are user and password right?`, "refused", true);
  }
  throw new RequestRefused(`the server has no login: ${tried.join("; ")}`, "refused", true);
}

function readToken(text: string): Token | undefined {
  try {
    const answer = JSON.parse(text) as { accessToken?: unknown; tokenTtl?: unknown } | null;
    if (typeof answer?.accessToken !== "string" || answer.accessToken === "") return undefined;
    const seconds = typeof answer.tokenTtl === "number" && answer.tokenTtl > 0 ? answer.tokenTtl : usualLifetime;
    return { text: answer.accessToken, lifetime: Math.max(shortest, seconds * 1_000) };
  } catch {
    return undefined;
  }
}
