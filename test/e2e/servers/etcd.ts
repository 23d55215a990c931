/** A real etcd on loopback, for the API servers that lie on it, each under a prefix of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installKubernetes } from "../install/kubernetes.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

export class Etcd {
  readonly #binary: string;
  readonly #ports: readonly number[];
  #folder = mkdtempSync(path.join(tmpdir(), "etcd-"));
  #child: Child | undefined;

  private constructor(binary: string, ports: readonly number[]) {
    this.#binary = binary;
    this.#ports = ports;
  }

  static async start(): Promise<Etcd> {
    const { etcd } = await installKubernetes();
    const server = new Etcd(etcd, await freePorts(2));
    await server.restart();
    return server;
  }

  /** What API servers connect to. */
  get url(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  /** Starts it again on the same port and data; a running one is killed first. */
  async restart(): Promise<void> {
    await this.#child?.kill();
    const peer = `http://127.0.0.1:${this.#ports[1]}`;
    const child = new Child({
      name: "etcd",
      command: this.#binary,
      args: [
        "--name=fixture",
        `--data-dir=${this.#folder}`,
        `--listen-client-urls=${this.url}`,
        `--advertise-client-urls=${this.url}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=fixture=${peer}`,
        "--log-level=error",
        "--unsafe-no-fsync",
      ],
      env: { GOMEMLIMIT: "512MiB" },
    });
    this.#child = child;
    await eventually("etcd serves", async () => (await fetch(`${this.url}/health`)).ok, {
      unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
    });
  }

  /** Begins with nothing: revisions start at 1 again. */
  async reset(): Promise<void> {
    await this.#child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = mkdtempSync(path.join(tmpdir(), "etcd-"));
    await this.restart();
  }

  /** Forgets all history up to now: who resumes before that gets a 410 from an API server that starts anew. */
  async compact(): Promise<void> {
    const { header } = (await this.#post("kv/range", { key: "AA==" })) as { header: { revision: string } };
    await this.#post("kv/compaction", { revision: header.revision, physical: true });
  }

  /** Writes values past the API servers, which take JSON as well as their own form; 20,000 in a second or two. */
  async put(entries: Iterable<readonly [key: string, value: object]>): Promise<void> {
    const operations = Array.from(entries, ([key, value]) => ({ requestPut: { key: base64(key), value: base64(JSON.stringify(value)) } }));
    // etcd takes so many in one transaction.
    for (let from = 0; from < operations.length; from += 128) await this.#post("kv/txn", { success: operations.slice(from, from + 128) });
  }

  async removeBelow(prefix: string): Promise<void> {
    const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    await this.#post("kv/deleterange", { key: base64(prefix), range_end: base64(end) });
  }

  async stop(): Promise<void> {
    await this.#child?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #post(call: string, body: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/v3/${call}`, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${call}: ${response.status} ${await response.text()}`);
    return response.json();
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
