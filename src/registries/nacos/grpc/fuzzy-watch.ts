/**
 * Names by pattern, as servers from 3.0 on tell them: sooner than any list, but never the truth. A server stops
 * telling beyond its limits, and of all its clients together only so many patterns are watched.
 */
import { RequestRefused, type ServiceName, SourceLost } from "../naming-source.ts";
import { parseServiceText } from "../service-text.ts";
import { ErrorAnswer, errorCode } from "./answer.ts";
import type { Fields, Message } from "./message.ts";

export interface FuzzyWatchContext {
  /** `namespace>>group>>service`, with wildcards in group and service. */
  readonly pattern: string;
  readonly request: (fields: Fields) => Promise<unknown>;
  /** A service got its first instance. */
  readonly appeared: (service: ServiceName) => void;
  /** The server does not tell all names. */
  readonly limited: (reason: string) => void;
}

/** What the server answers to what we know by then is what was lost on the way. */
const resyncMs = 3 * 60_000;
/** A server that has no room for our pattern may have some later. */
const retryMs = 5 * 60_000;
/** Bounds what a server can make us remember. */
const maxKnown = 100_000;

export class FuzzyWatch {
  readonly #context: FuzzyWatchContext;
  /** Keys as the server writes them: `namespace@@group@@service`. */
  readonly #known = new Set<string>();
  #finished = false;
  #limited = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(context: FuzzyWatchContext) {
    this.#context = context;
    void this.#watch();
  }

  /** All services of the pattern; undefined while it is not known that these are all. */
  get complete(): readonly ServiceName[] | undefined {
    return this.#finished && !this.#limited ? Array.from(this.#known, nameIn) : undefined;
  }

  told({ type, fields }: Message): void {
    if (this.#stopped) return;
    if (type === "NamingFuzzyWatchChangeNotifyRequest") this.#change(fields);
    else if (type === "NamingFuzzyWatchSyncRequest" && fields.groupKeyPattern === this.#context.pattern) this.#sync(fields);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #watch(): Promise<void> {
    try {
      await this.#context.request({
        groupKeyPattern: this.#context.pattern,
        receivedGroupKeys: [...this.#known],
        watchType: "WATCH",
        initializing: !this.#finished,
      });
      this.#limited = false;
      this.#again(resyncMs);
    } catch (error) {
      this.#onRefused(error);
    }
  }

  #sync({ syncType, contexts }: Fields): void {
    if (syncType === "FINISH_FUZZY_WATCH_INIT_NOTIFY") this.#finished = true;
    if (Array.isArray(contexts)) for (const context of contexts) this.#change(context ?? {});
  }

  #change({ serviceKey, changedType }: Fields): void {
    if (typeof serviceKey !== "string") return;
    if (changedType === "DELETE_SERVICE") {
      this.#known.delete(serviceKey);
      return;
    }
    if (changedType !== "ADD_SERVICE" || this.#known.has(serviceKey) || this.#known.size >= maxKnown) return;
    const name = nameIn(serviceKey);
    if (name.group === "" || name.name === "") return;
    this.#known.add(serviceKey);
    this.#context.appeared(name);
  }

  /** Lists go on in any case. */
  #onRefused(error: unknown): void {
    if (this.#stopped || error instanceof SourceLost) return;
    if (!(error instanceof RequestRefused)) return;
    this.#limited = true;
    const code = error instanceof ErrorAnswer ? error.code : 0;
    if (code === errorCode.noHandler) return;
    // Beyond its limit of services, the server watches all the same but keeps silent about some.
    this.#context.limited(error.message);
    this.#again(code === errorCode.matchLimit ? resyncMs : retryMs);
  }

  #again(after: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#watch(), after);
  }
}

function nameIn(serviceKey: string): ServiceName {
  return parseServiceText(serviceKey.slice(serviceKey.indexOf("@@") + 2));
}
