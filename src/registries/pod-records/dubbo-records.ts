/**
 * The decoder `dubbo-records`: what dubbo-go (1.4 … 1.5, and the candidates of 3.0) registers in its pod's annotation. Rules:
 * docs/registries/pods.md.
 */
import type { Problem } from "../contract.ts";
import { readConsumers } from "../dubbo/consumer-url.ts";
import { BadEscape, decodeNodeName, isInterfaceName } from "../dubbo/node-name.ts";
import { instanceId, instanceOf, serviceOf } from "../dubbo/provider-services.ts";
import { isProvider, type ProviderUrl, parseProvider } from "../dubbo/provider-url.ts";
import { keyText, type ServiceKey } from "../service.ts";
import { type PodRecord, parseRecords } from "./records.ts";
import type { Decode, Offer, Registrations } from "./registrations.ts";

const root = "dubbo";

export const decodeDubboRecords: Decode = (payload, _carrier, report) => {
  const records = parseRecords(payload);
  return typeof records === "string" ? records : registrationsOf(records, report);
};

/** A key that says something: `/dubbo/<interface>/<category>/<URL>`. The others are the folders of such keys. */
interface Leaf {
  readonly interface: string;
  readonly category: string;
  /** Percent-encoded. */
  readonly url: string;
}

interface Candidate {
  readonly key: ServiceKey;
  readonly provider: ProviderUrl;
}

function registrationsOf(records: readonly PodRecord[], report: (problem: Problem) => void): Registrations {
  const latest = new Map<string, Candidate>();
  const consumers = new Map<string, string[]>();
  for (const { k } of records) {
    const leaf = readLeaf(k, report);
    if (leaf?.category === "providers") take(latest, leaf, report);
    else if (leaf?.category === "consumers") consumers.set(leaf.interface, [...(consumers.get(leaf.interface) ?? []), leaf.url]);
  }
  return {
    offers: [...latest.values()].map(offerOf),
    calls: [...consumers]
      .map(([name, urls]) => ({ interface: name, consumers: readConsumers(urls, unescaped) }))
      .filter((calls) => calls.consumers.length > 0),
  };
}

function readLeaf(path: string, report: (problem: Problem) => void): Leaf | undefined {
  const [before, top, folder, category, url, ...rest] = path.split("/");
  if (before !== "" || top !== root || !folder || !category || !url || rest.length > 0) return undefined;
  try {
    const name = decodeNodeName(folder);
    if (isInterfaceName(name)) return { interface: name, category, url };
    report({ code: "bad-name", where: shortened(path), message: "its interface has no legal name" });
  } catch (error) {
    if (!(error instanceof BadEscape)) throw error;
    report({ code: "bad-escape", where: shortened(path), message: error.message });
  }
  return undefined;
}

/** A process that started again in its container has old records beside its new ones: of one provider the newest counts. */
function take(latest: Map<string, Candidate>, leaf: Leaf, report: (problem: Problem) => void): void {
  const provider = parseProvider(leaf.url, unescaped);
  if (!isProvider(provider)) {
    if (provider.problem) report({ ...provider.problem, where: `${leaf.interface} ${shortened(leaf.url)}` });
    return;
  }
  if (provider.interface !== undefined && provider.interface !== leaf.interface) {
    const message = `says that it provides ${shortened(provider.interface)}`;
    report({ code: "wrong-interface", where: `${leaf.interface} ${shortened(leaf.url)}`, message });
    return;
  }
  const { group, version } = provider;
  const key: ServiceKey = { ...(group && { group }), name: leaf.interface, ...(version && { version }) };
  const id = `${keyText(key)} ${instanceId(provider)}`;
  // Records are appended, so the later of two with one time is the newer one.
  if (provider.timestamp >= (latest.get(id)?.provider.timestamp ?? 0)) latest.set(id, { key, provider });
}

function offerOf({ key, provider }: Candidate): Offer {
  const { annotations } = serviceOf(key, [], []);
  return { key, ...(annotations && { annotations }), instance: instanceOf(instanceId(provider), provider) };
}

/**
 * Writers before 1.5.4 encode values once more, later ones do not. What is no escape stands for itself, so both are read; only
 * a later writer's literal `%41` is mistaken.
 */
function unescaped(value: string): string {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
