/** Runs the command of a credential to get a token, and keeps the token for as long as it counts. */
import { execFile } from "node:child_process";
import type { ExecPlugin } from "../../../clusters/credential.ts";
import { ApiFailure } from "./api-failure.ts";

/** ms */
const longestRun = 30_000;
/** Bytes. */
const longestOutput = 1024 * 1024;
/** A token is not used in its last moments. ms */
const margin = 30_000;

export class ExecToken {
  readonly #plugin: ExecPlugin;
  #running: Promise<string> | undefined;
  #token: string | undefined;
  /** Epoch ms. */
  #until = 0;

  constructor(plugin: ExecPlugin) {
    this.#plugin = plugin;
  }

  /** @throws ApiFailure `unauthorized` */
  async get(): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#until) return this.#token;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The server does not take it any more. */
  refuse(): void {
    this.#token = undefined;
  }

  async #run(): Promise<string> {
    const { apiVersion, command, args, env } = this.#plugin;
    const info = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } });
    const added = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const options = { env: { ...process.env, ...added, KUBERNETES_EXEC_INFO: info }, timeout: longestRun, maxBuffer: longestOutput };
    const output = await new Promise<string>((resolve, reject) => {
      execFile(command, args, options, (error, stdout) => {
        // Its words may hold secrets.
        if (error) reject(new ApiFailure("unauthorized", `the command ${command} failed: ${reasonOf(error)}`));
        else resolve(stdout);
      });
    });
    const { token, until } = readOutput(output, command);
    this.#token = token;
    this.#until = until - margin;
    return token;
  }
}

function reasonOf(error: Error & { code?: unknown; killed?: boolean }): string {
  if (error.killed) return `it did not end within ${longestRun} ms, or said too much`;
  return typeof error.code === "number" ? `exit code ${error.code}` : String(error.code);
}

function readOutput(output: string, command: string): { token: string; until: number } {
  try {
    const { status } = JSON.parse(output) as { status?: { token?: unknown; expirationTimestamp?: unknown } };
    const { token, expirationTimestamp } = status ?? {};
    const until = typeof expirationTimestamp === "string" ? Date.parse(expirationTimestamp) : Number.POSITIVE_INFINITY;
    if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token) && !Number.isNaN(until)) return { token, until };
  } catch {
    // Said below.
  }
  throw new ApiFailure("unauthorized", `the command ${command} printed no ExecCredential with a token`);
}
