/** A `Feed` that keeps everything and lets a test wait for a state instead of sleeping. */
import type { Problem } from "../../src/registries/contract.ts";
import type { Feed, RegistryStatus } from "../../src/registries/feed.ts";
import { type Item, itemId, type Service } from "../../src/registries/service.ts";

export type FeedEvent =
  | { readonly type: "upsert"; readonly id: string; readonly text: string }
  | { readonly type: "remove"; readonly id: string }
  | { readonly type: "listed"; readonly ids: ReadonlySet<string> }
  | { readonly type: "status"; readonly status: RegistryStatus }
  | { readonly type: "problem"; readonly problem: Problem; readonly count: number };

export class RecordingFeed implements Feed {
  readonly events: FeedEvent[] = [];
  /** What a downstream without any protection would hold now. */
  readonly items = new Map<string, string>();
  /** The newest status; undefined before the first. */
  last: RegistryStatus | undefined;
  #waiting = new Set<() => void>();

  upsert(_registry: string, id: string, text: string): void {
    this.items.set(id, text);
    this.#record({ type: "upsert", id, text });
  }

  remove(_registry: string, id: string): void {
    this.items.delete(id);
    this.#record({ type: "remove", id });
  }

  listed(_registry: string, ids: ReadonlySet<string>): void {
    for (const id of this.items.keys()) if (!ids.has(id)) this.items.delete(id);
    this.#record({ type: "listed", ids });
  }

  status(_registry: string, status: RegistryStatus): void {
    this.last = status;
    this.#record({ type: "status", status });
  }

  problem(_registry: string, problem: Problem, count = 1): void {
    this.#record({ type: "problem", problem, count });
  }

  item(id: string): Item | undefined {
    const text = this.items.get(id);
    return text === undefined ? undefined : (JSON.parse(text) as Item);
  }

  service(key: Service["key"]): Service | undefined {
    const item = this.item(itemId({ kind: "service", service: { key, instances: [] } }));
    return item?.kind === "service" ? item.service : undefined;
  }

  /** How many events there are so far: a mark for `since`. */
  mark(): number {
    return this.events.length;
  }

  since(mark: number): readonly FeedEvent[] {
    return this.events.slice(mark);
  }

  problems(code: string): readonly Problem[] {
    return this.events.flatMap((event) => (event.type === "problem" && event.problem.code === code ? [event.problem] : []));
  }

  /** Resolves as soon as the condition holds, looking again after every event. */
  until(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`not within ${ms} ms: ${what}; status ${JSON.stringify(this.last)}, ${this.items.size} items`));
      }, ms);
      this.#waiting.add(look);
    });
  }

  #record(event: FeedEvent): void {
    this.events.push(event);
    for (const look of [...this.#waiting]) look();
  }
}
