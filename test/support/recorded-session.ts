/** A session of a kind in this thread, with everything it tells kept for a test to wait on. */
import type { Emitter, Listing, Problem, RegistryKind, Session, StartSession } from "../../src/registries/contract.ts";
import { type Fact, type Item, itemId, type Service } from "../../src/registries/service.ts";
import { zookeeperKind } from "../../src/registries/zookeeper/dubbo/kind.ts";
import { start as startZookeeper } from "../../src/registries/zookeeper/dubbo/session.ts";

export interface Told {
  readonly what: "add" | "changed" | "removed" | "commit" | "abandon" | "unreachable" | "contact" | "suspicious" | "log";
  /** An item's id, a reason, a message. */
  readonly text: string;
  readonly service?: Service;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface RecordedKind {
  readonly schema: RegistryKind["schema"];
  readonly start: StartSession;
}

const zookeeper: RecordedKind = { schema: zookeeperKind.schema, start: startZookeeper };

export class RecordedSession {
  readonly told: Told[] = [];
  readonly problems: Problem[] = [];
  /** What a reader without any protection would hold. */
  readonly view = new Map<string, Service>();
  /** Facts, by id, held likewise. */
  readonly facts = new Map<string, Fact>();
  readonly session: Session;
  readonly #waiting = new Set<() => void>();
  #open: Set<string> | undefined;

  /** @param settings as a user writes them; `known`: ids that an earlier worker told; the kind is `zookeeper` unless given */
  constructor(settings: Record<string, unknown>, known: readonly string[] = [], { schema, start }: RecordedKind = zookeeper) {
    const log = (level: string) => (fields: object, message: string) =>
      this.#tell({ what: "log", text: `${level}: ${message}`, fields: fields as Record<string, unknown> });
    this.session = start({
      registry: "test",
      settings: schema.parse(settings),
      known,
      emit: this.#emitter(),
      log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
    });
  }

  count(what: Told["what"]): number {
    return this.told.filter((entry) => entry.what === what).length;
  }

  last(what: Told["what"]): Told | undefined {
    return this.told.findLast((entry) => entry.what === what);
  }

  /** Ids of the instances of a service without group and version; undefined if it is not in the view. */
  instances(name: string): string[] | undefined {
    return this.view.get(`service/||${name}|`)?.instances.map(({ id }) => id);
  }

  synced(times = 1): Promise<void> {
    return this.until(`${times} complete listings`, () => this.count("commit") >= times);
  }

  until(what: string, condition: () => boolean, ms = 10_000): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        const recent = this.told.slice(-10).map(({ what, text }) => `${what} ${text}`);
        reject(new Error(`not within ${ms} ms: ${what}; last told:\n${recent.join("\n")}`));
      }, ms);
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        clearTimeout(timer);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #tell(entry: Told): void {
    this.told.push(entry);
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  #put(what: "add" | "changed", item: Item): void {
    const text = itemId(item);
    this.#open?.add(text);
    // As it arrives elsewhere: without anything that shares memory with the session.
    const copy = structuredClone(item);
    if (copy.kind === "service") {
      this.view.set(text, copy.service);
      this.#tell({ what, text, service: copy.service });
    } else if (copy.kind === "fact") {
      this.facts.set(text, copy.fact);
      this.#tell({ what, text });
    } else throw new Error("no kind here tells of resources");
  }

  #emitter(): Emitter {
    const emitter: Emitter = {
      listing: () => this.#listing(),
      replaced: (items) => {
        const listing = this.#listing();
        for (const item of items) listing.add(item);
        listing.commit();
      },
      changed: (item) => this.#put("changed", item),
      removed: (id) => {
        this.view.delete(id);
        this.facts.delete(id);
        this.#tell({ what: "removed", text: id });
      },
      unreachable: (text) => this.#tell({ what: "unreachable", text }),
      contact: () => this.#tell({ what: "contact", text: "" }),
      suspicious: (text) => this.#tell({ what: "suspicious", text }),
      problem: (problem) => {
        this.problems.push(problem);
        this.#look();
      },
    };
    return emitter;
  }

  #listing(): Listing {
    const open = new Set<string>();
    this.#open = open;
    return {
      add: (item) => this.#put("add", item),
      keep: (id) => open.add(id),
      commit: () => {
        for (const held of [this.view, this.facts]) for (const id of held.keys()) if (!open.has(id)) held.delete(id);
        this.#open = undefined;
        this.#tell({ what: "commit", text: "" });
      },
      abandon: (text) => {
        this.#open = undefined;
        this.#tell({ what: "abandon", text });
      },
    };
  }
}
