/** `tributary why` and `/debug/why`. */
import type {
  Candidate,
  Contribution,
  Delivery,
  Explanation,
  RegistryInstance,
  WhyResponse,
} from "../../gen/tributary/admin/v1/admin_pb.ts";
import { ago } from "./ages.ts";
import { columns, oneLine } from "./columns.ts";
import { holdText } from "./hold-text.ts";

/** More instances are counted; JSON lists them. */
const maxInstances = 20;
const maxProblems = 30;
const maxCallers = 10;

export function whyText({ explanation, candidates }: WhyResponse, now: number): string {
  return explanation === undefined ? candidatesText(candidates) : explanationText(explanation, now);
}

function candidatesText(candidates: readonly Candidate[]): string {
  const rows = candidates.map(({ host, service, protocol, registries, refusal }) => [
    host === "" ? "(no host)" : host,
    oneLine(service),
    protocol,
    registries.join(","),
    refusal === "" ? "" : `refused: ${oneLine(refusal)}`,
  ]);
  const title = candidates.length === 1 ? "This service got no host:" : "Several are meant; ask for one of them:";
  return `${title}\n\n${columns([["HOST", "SERVICE", "PROTOCOL", "REGISTRIES"], ...rows], "  ")}`;
}

function explanationText(explanation: Explanation, now: number): string {
  const { namespace, host, summary, protectionState, contributions, rules, problems, clients, readBack } = explanation;
  return [
    `${namespace}/${host}\n`,
    `  ${oneLine(summary)}\n${protectionState === "live" ? "" : `  ${protectionState}\n`}${objectText(explanation, now)}`,
    section("Registries", contributions.map((one) => contributionText(one, now)).join("")),
    section(
      "Rules",
      columns(
        rules.map(({ rule, effect, setting }) => [rule, `${oneLine(effect)}${setting === "" ? "" : `  [${setting}]`}`]),
        "  ",
      ),
    ),
    section(
      "Problems",
      limited(problems.map(({ costs, code, message, where }) => [costs, code, `${oneLine(where)}: ${oneLine(message)}`])),
    ),
    section("Clients", clients.length === 0 ? "  no client asks for it\n" : columns(clients.map(deliveryCells), "  ")),
    section("istiod", readBack === undefined ? "" : `  ${readBack.state}: ${oneLine(readBack.detail)}\n`),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function objectText({ object, vip }: Explanation, now: number): string {
  if (object === undefined) return "";
  const spec = object.spec as { ports?: { name?: string; number?: number; protocol?: string }[]; endpoints?: unknown[] } | undefined;
  const ports = spec?.ports?.map(({ name, number, protocol }) => `${number}/${protocol} (${name})`) ?? [];
  const facts = [vip, ports.join(", "), spec?.endpoints ? `${spec.endpoints.length} endpoints` : ""].filter((fact) => fact !== "");
  const shown = facts.length === 0 ? "" : `  ${object.kind}: ${facts.join("; ")}\n`;
  return `${shown}  version ${object.version}, changed ${ago(object.lastChanged, now)}\n`;
}

function contributionText(one: Contribution, now: number): string {
  const { registry, registryType, phase, reason, key, firstSeen, lastChanged, instances, heldInstances, openHolds } = one;
  const parts = [key?.namespace, key?.group, key?.name, key?.version].filter((part) => part);
  const remarks = [
    ...(phase === "live" ? [] : [reason === "" ? "not listed yet since the start" : oneLine(reason)]),
    ...(heldInstances > 0 ? [`${heldInstances} held: ${whyHeld(one, now)}`] : []),
    ...openHolds.filter(({ why }) => heldInstances === 0 && why === "freeze").map(({ detail }) => `frozen ${oneLine(detail)}`),
    ...one.growth.map((growth) => `grew suddenly: ${holdText(growth, now)}`),
    ...(one.waitingEndpoints > 0 ? [`${one.waitingEndpoints} endpoints wait`] : []),
    ...(one.drained ? ["drained"] : []),
    ...(one.callers.length > 0
      ? [`called by ${oneLine(one.callers.slice(0, maxCallers).join(", "))}${one.callers.length > maxCallers ? ", …" : ""}`]
      : []),
  ];
  const head = `  ${registry} (${registryType}), ${phase}: ${oneLine(parts.join(" "))}\n`;
  const seen = `    first seen ${ago(firstSeen, now)}, changed ${ago(lastChanged, now)}\n`;
  const more = instances.length > maxInstances ? `    … ${instances.length - maxInstances} more\n` : "";
  return `${head}${seen}${remarks.map((remark) => `    ${remark}\n`).join("")}${columns(instances.slice(0, maxInstances).map(instanceCells), "    ")}${more}`;
}

function whyHeld({ openHolds, damped }: Contribution, now: number): string {
  return [...openHolds.map((hold) => holdText(hold, now)), ...(damped ? ["flap damping"] : [])].join("; ");
}

function instanceCells({ address, ports, weight, health, labels, held, skipped }: RegistryInstance): string[] {
  const facts = [
    ...(weight === undefined ? [] : [`weight ${weight}`]),
    ...(health === "" ? [] : [health]),
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
  ];
  const fate = [...(held ? ["held"] : []), ...(skipped.length > 0 ? [`left out: ${skipped.join(", ")}`] : [])].join("; ");
  return [oneLine(address), ports.map(oneLine).join(","), fate, oneLine(facts.join(" ")).slice(0, 120)];
}

function deliveryCells({ node, peer, ackedVersion, current, notSubscribed }: Delivery): string[] {
  const state = notSubscribed
    ? "did not ask for it"
    : current
      ? "has it"
      : ackedVersion === ""
        ? "has acknowledged nothing yet"
        : "has an older state";
  return [node === "" ? "(unnamed)" : oneLine(node), peer, state];
}

function limited(rows: readonly string[][]): string {
  const more = rows.length > maxProblems ? `  … ${rows.length - maxProblems} more\n` : "";
  return `${columns(rows.slice(0, maxProblems), "  ")}${more}`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `${title}\n${body}`;
}
