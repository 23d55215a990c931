/** Reads what Dubbo's applications offer, where it lies among the configurations, as soon as an instance has a new revision. */
import type { Problem } from "../../contract.ts";
import { forEachLimited } from "../../task-pool.ts";
import type { NacosItems, Revision } from "../meaning/nacos-items.ts";
import { type NamingSource, RequestRefused, SourceLost } from "../naming-source.ts";

export interface MetadataContext {
  readonly items: NacosItems;
  readonly maxInFlight: number;
  /** Of a namespace, if there is one at present. */
  readonly source: (namespace: string) => NamingSource | undefined;
  readonly report: (problem: Problem) => void;
}

export class MetadataReading {
  readonly #context: MetadataContext;
  /** Of revisions without content: how often it was looked for. */
  readonly #asked = new Map<string, number>();
  #reading: Promise<void> | undefined;

  constructor(context: MetadataContext) {
    this.#context = context;
  }

  /** Whether there is something that was looked for less often than this. */
  isDue(times: number): boolean {
    return this.#due(times).length > 0;
  }

  /** Looks for everything that was looked for less often than this; infinite: for everything. Never rejects. */
  async read(times: number): Promise<void> {
    while (this.#reading) await this.#reading;
    const due = this.#due(times);
    if (times === Number.POSITIVE_INFINITY) this.#forgetOthers(due);
    this.#reading = forEachLimited(due, this.#context.maxInFlight, (revision) => this.#readOne(revision));
    await this.#reading;
    this.#reading = undefined;
  }

  #due(times: number): Revision[] {
    return this.#context.items.unread().filter((each) => (this.#asked.get(textOf(each)) ?? 0) < times);
  }

  #forgetOthers(present: readonly Revision[]): void {
    const texts = new Set(present.map(textOf));
    for (const text of this.#asked.keys()) if (!texts.has(text)) this.#asked.delete(text);
  }

  async #readOne(each: Revision): Promise<void> {
    const { source, items, report } = this.#context;
    const text = textOf(each);
    try {
      const content = await source(each.namespace)?.readConfig(each.application, each.revision);
      if (content === undefined) this.#asked.set(text, (this.#asked.get(text) ?? 0) + 1);
      else {
        this.#asked.delete(text);
        items.offer(each, content);
      }
    } catch (error) {
      // Another source will be asked.
      if (error instanceof SourceLost) return;
      this.#asked.set(text, (this.#asked.get(text) ?? 0) + 1);
      const code = error instanceof RequestRefused ? "no-permission" : "bad-metadata";
      report({ code, where: text, message: `a configuration cannot be read: ${(error as Error).message}` });
    }
  }
}

function textOf({ namespace, application, revision }: Revision): string {
  return `${namespace}/${revision}/${application}`;
}
