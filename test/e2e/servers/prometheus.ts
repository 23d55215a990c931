/** A real Prometheus that scrapes one target, and evaluates our rules. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { installPrometheus } from "../install/prometheus.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

export class Prometheus {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "prometheus-"));
  readonly #origin: string;
  readonly #child: Child;

  private constructor(command: string, port: number, target: string, rules: string) {
    this.#origin = `http://127.0.0.1:${port}`;
    const file = path.join(this.#folder, "prometheus.yml");
    const configuration = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [rules],
      scrape_configs: [{ job_name: "tributary", static_configs: [{ targets: [target] }] }],
    };
    writeFileSync(file, stringify(configuration));
    const args = [`--config.file=${file}`, `--storage.tsdb.path=${this.#folder}/data`, `--web.listen-address=127.0.0.1:${port}`];
    this.#child = new Child({ name: "prometheus", command, args });
  }

  /** Resolves when it has scraped the target. @param rules path of a rule file */
  static async start(target: string, rules: string): Promise<Prometheus> {
    const [port] = await freePorts(1);
    const prometheus = new Prometheus((await installPrometheus()).prometheus, port!, target, rules);
    await eventually("Prometheus has scraped", async () => (await prometheus.query("up")).some(({ value }) => value[1] === "1"), {
      unless: () => (prometheus.#child.alive ? undefined : prometheus.#child.output()),
    });
    return prometheus;
  }

  /** The series that an expression gives now. @throws Error when Prometheus does not understand it */
  async query(expression: string): Promise<Series[]> {
    return (await this.#ask<{ result: Series[] }>(`query?query=${encodeURIComponent(expression)}`)).result;
  }

  /** Names of alerts whose expression holds, whether or not it did so for long enough. */
  async alerts(): Promise<string[]> {
    const { alerts } = await this.#ask<{ alerts: { labels: { alertname: string } }[] }>("alerts");
    return [...new Set(alerts.map(({ labels }) => labels.alertname))].sort();
  }

  /** What it says of the rules' last evaluation: `ok`, by name. */
  async ruleHealth(): Promise<Record<string, string>> {
    const { groups } = await this.#ask<{ groups: { rules: { name: string; health: string }[] }[] }>("rules");
    return Object.fromEntries(groups.flatMap(({ rules }) => rules.map(({ name, health }) => [name, health])));
  }

  async stop(): Promise<void> {
    await this.#child.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#origin}/api/v1/${path}`, { signal: AbortSignal.timeout(5_000) });
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
    return answer.data;
  }
}
