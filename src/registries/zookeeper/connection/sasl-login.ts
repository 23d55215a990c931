import { randomBytes } from "node:crypto";
import { answerChallenge, readChallenge } from "./protocol/digest-md5.ts";
import type { AuthSettings } from "./settings.ts";

/** The server will not have us, or is not the one that knows our password. */
export class LoginRefused extends Error {}

/**
 * Proves to a server that we know the password, and has it prove the same.
 * @param exchange sends a token and gives the server's, a copy
 * @throws LoginRefused, a RangeError for an answer that is no challenge, and what `exchange` throws
 */
export async function logIn(credentials: AuthSettings, exchange: (token: Buffer) => Promise<Buffer>): Promise<void> {
  const challenge = await exchange(Buffer.alloc(0));
  if (challenge.length === 0) throw new LoginRefused("the server does not offer SASL with DIGEST-MD5");
  const { token, proof } = answerChallenge(readChallenge(challenge), credentials, randomBytes(18).toString("base64"));
  const answer = await exchange(token);
  // Servers may be set up to keep the connection of those whom they do not believe.
  if (answer.length === 0) throw new LoginRefused(`the server refused the credentials of ${credentials.user}`);
  if (answer.toString() !== proof) throw new LoginRefused("the server does not prove that it knows the password, too");
}
