/** Facts in the simple format: what is known of an address, a node or an application. */
import type { Fact, ServiceKey } from "../service.ts";
import { readLocality } from "./locality.ts";
import type { Reading } from "./reading.ts";
import type { Path } from "./source-document.ts";

const factKeys = ["subject", "name", "cluster", "network", "labels", "locality", "serviceAccount", "sidecar", "calls"];
const callKeys = ["namespace", "group", "name", "version"];

export function readFact(value: unknown, path: Path, reading: Reading): Fact | undefined {
  const entry = reading.mapping(value, path, "a fact");
  if (!entry) return undefined;
  reading.knownKeys(entry, factKeys, path, "a fact");
  const before = reading.failures;
  const text = (name: string) => reading.text(entry[name], [...path, name], `${name} of a fact`) ?? undefined;
  const subject = reading.word(entry.subject, ["address", "node", "application"], [...path, "subject"], "the subject of a fact");
  const [name, cluster, network, serviceAccount] = [text("name"), text("cluster"), text("network"), text("serviceAccount")];
  if (reading.failures > before) return undefined;
  if (!subject || !name) {
    reading.problem("bad-value", path, "a fact needs a subject and a name");
    return undefined;
  }
  const labels = reading.texts(entry.labels, [...path, "labels"], "labels");
  const locality = readLocality(entry.locality, [...path, "locality"], reading);
  const calls = readCalls(entry.calls, [...path, "calls"], reading);
  const { sidecar } = entry;
  if (sidecar !== undefined && typeof sidecar !== "boolean") {
    reading.problem("bad-value", [...path, "sidecar"], "sidecar must be true or false; it is left out");
  }
  return {
    subject,
    name,
    ...(cluster && { cluster }),
    ...(network && { network }),
    ...(labels && { labels }),
    ...(locality && { locality }),
    ...(serviceAccount && { serviceAccount }),
    ...(typeof sidecar === "boolean" && { sidecar }),
    ...(calls.length > 0 && { calls }),
  };
}

function readCalls(value: unknown, path: Path, reading: Reading): ServiceKey[] {
  return reading.list(value, path, "calls").flatMap((entry, index) => {
    const at = [...path, index];
    const call = reading.mapping(entry, at, "a called service");
    if (!call) return [];
    reading.knownKeys(call, callKeys, at, "a called service");
    const part = (name: string) => reading.text(call[name], [...at, name], `${name} of a called service`) ?? undefined;
    const [namespace, group, name, version] = [part("namespace"), part("group"), part("name"), part("version")];
    return name ? [{ ...(namespace && { namespace }), ...(group && { group }), name, ...(version && { version }) }] : [];
  });
}
