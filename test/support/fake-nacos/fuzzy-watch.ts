/** Names by pattern, as a fake Nacos 3 tells them. */
import type { Message } from "../../../src/registries/nacos/grpc/message.ts";
import type { FakeConnection } from "./connection.ts";
import type { FakeService, FakeServices } from "./services.ts";

/** The server cuts what it tells at the start into pieces of so many. */
const batchSize = 10;

export interface FuzzyLimits {
  /** Patterns of all clients together; more are refused with 50310. */
  patterns: number;
  /** Services of one pattern; those beyond are not told, and the next watch is refused with 50311. */
  services: number;
}

export function fuzzyWatch(
  connection: FakeConnection,
  fields: Message["fields"],
  services: FakeServices,
  limits: FuzzyLimits,
): Message["fields"] {
  const pattern = String(fields.groupKeyPattern);
  if (fields.watchType === "CANCEL_WATCH") {
    connection.patterns.delete(pattern);
    return { resultCode: 200, errorCode: 0 };
  }
  if (limits.patterns < 1) return { resultCode: 500, errorCode: 50_310, message: "fuzzy watch pattern count over limit" };
  connection.patterns.add(pattern);
  const [namespace = ""] = pattern.split(">>");
  const keys = [...services.all(namespace)].map(keyOf).filter((key) => matches(pattern, key));
  const told = new Set(fields.receivedGroupKeys as string[]);
  const isFirst = fields.initializing === true;
  const added = keys.slice(0, limits.services).filter((key) => isFirst || !told.has(key));
  const removed = isFirst ? [] : [...told].filter((key) => !keys.includes(key));
  const contexts = [
    ...added.map((serviceKey) => ({ serviceKey, changedType: "ADD_SERVICE" })),
    ...removed.map((serviceKey) => ({ serviceKey, changedType: "DELETE_SERVICE" })),
  ];
  setImmediate(() => {
    const syncType = isFirst ? "FUZZY_WATCH_INIT_NOTIFY" : "FUZZY_WATCH_DIFF_SYNC_NOTIFY";
    for (let at = 0; at < contexts.length; at += batchSize) {
      connection.ask("NamingFuzzyWatchSyncRequest", {
        groupKeyPattern: pattern,
        syncType,
        contexts: contexts.slice(at, at + batchSize),
        totalBatch: Math.ceil(contexts.length / batchSize),
        currentBatch: at / batchSize + 1,
      });
    }
    if (isFirst) {
      connection.ask("NamingFuzzyWatchSyncRequest", { groupKeyPattern: pattern, syncType: "FINISH_FUZZY_WATCH_INIT_NOTIFY", contexts: [] });
    }
  });
  if (keys.length > limits.services)
    return { resultCode: 500, errorCode: 50_311, message: "fuzzy watch pattern match service count over limit" };
  return { resultCode: 200, errorCode: 0 };
}

export function tellName(connection: FakeConnection, service: FakeService, changedType: "ADD_SERVICE" | "DELETE_SERVICE"): void {
  const serviceKey = keyOf(service);
  for (const pattern of connection.patterns) {
    if (!matches(pattern, serviceKey)) continue;
    connection.ask("NamingFuzzyWatchChangeNotifyRequest", { serviceKey, changedType, syncType: "FUZZY_WATCH_RESOURCE_CHANGED" });
  }
}

function keyOf({ namespace, group, name }: FakeService): string {
  return `${namespace}@@${group}@@${name}`;
}

/** The namespace is literal; in group and service, `*` stands for anything. */
function matches(pattern: string, key: string): boolean {
  const parts = key.split("@@");
  return pattern.split(">>").every((part, at) => {
    const text = parts[at] ?? "";
    if (at === 0) return part === text;
    return new RegExp(`^${part.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`, "s").test(text);
  });
}
