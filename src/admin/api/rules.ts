/** The rules that shaped a host's object, in the order in which they are applied, each with the setting behind it. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HostContribution, HostExplanation } from "../../catalog/explain.ts";
import type { MergeDecision, MergedService } from "../../catalog/merged-service.ts";
import { sameAsPrefix } from "../../catalog/merging/same-as.ts";
import type { MeshConfig } from "../../config/schema.ts";
import type { RuleSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { parseAddress } from "../../mesh/ip-address.ts";
import type { NameLoss } from "../../naming/named-service.ts";
import type { RegistryStatus } from "../../registries/feed.ts";

type Rule = MessageInitShape<typeof RuleSchema>;

/** `service`: merged; undefined for a ready object or one that is replaced. */
export function rulesOf(host: HostExplanation, service: MergedService | undefined, vip: string | undefined, mesh: MeshConfig): Rule[] {
  return [
    ...host.contributions.flatMap(namingRules),
    ...collisionRule(host),
    ...host.contributions.flatMap(holdRules),
    ...mergeRules(host, service),
    ...(service ? serviceRules(service, vip, mesh) : []),
  ];
}

const losses: Readonly<Record<NameLoss, string>> = {
  case: "upper case became lower case",
  replaced: "characters that a host cannot hold became `-`",
  cut: "the name is too long for DNS: it is cut and carries a hash",
};

function namingRules({ registry, type, service, named, template }: HostContribution): Rule[] {
  if (named === undefined) return [{ rule: "naming", effect: `${registry} gives a ready object, which passes through as it is` }];
  const setting = `registries[${registry}].naming`;
  const naming: Rule = service?.hosts?.length
    ? { rule: "hosts", effect: `${registry} names the host itself`, setting: `${setting}.allowOutsideSuffix` }
    : {
        rule: "naming",
        effect: `${template.configured ? "the template" : `the template of ${type}`} "${template.text}" with the suffix "${template.suffix}" gives ${named.host}`,
        setting: `${setting}.template`,
      };
  const lost = named.lost.map((loss) => losses[loss]).join("; ");
  return lost === "" ? [naming] : [naming, { rule: "name-loss", effect: lost }];
}

function collisionRule({ host, identity, collidesWith }: HostExplanation): Rule[] {
  if (collidesWith.length === 0) return [];
  const others = collidesWith.map((other) => `${other.identity} (${other.host === undefined ? "goes without" : other.host})`);
  return [{ rule: "collision", effect: `${identity} has ${host}; the same host is wanted by ${others.join(", ")}` }];
}

function holdRules({ registry, heldEndpoints, holds, growth, waitingEndpoints, damped, drained, status }: HostContribution): Rule[] {
  const setting = `registries[${registry}].protection`;
  const rules: Rule[] = [];
  if (heldEndpoints > 0) {
    const why = [...holds.map(({ detail }) => detail), ...(damped ? ["it may be back in a moment (flap damping)"] : [])].join("; ");
    rules.push({
      rule: "hold",
      effect: `${heldEndpoints} endpoints that ${registry} no longer names are kept: ${why}`,
      setting: holds.length === 0 && damped ? `${setting}.flapDamping` : settingOf(holds, setting),
    });
  }
  for (const { detail } of growth) {
    const waiting = waitingEndpoints === 0 ? "" : `; ${waitingEndpoints} endpoints wait`;
    rules.push({ rule: "growth", effect: `${registry} grew suddenly: ${detail}${waiting}`, setting: `${setting}.growth` });
  }
  if (drained)
    rules.push({
      rule: "protection",
      effect: `${registry} was out of reach for too long: its endpoints left`,
      setting: `${setting}.unreachable`,
    });
  else if (status.phase === "stale" && !holds.some(({ why }) => why === "pause")) {
    rules.push(
      status.restored
        ? restoredRule(registry, status)
        : { rule: "protection", effect: `${registry} is out of reach: its last state is kept`, setting: `${setting}.unreachable` },
    );
  }
  return rules;
}

function restoredRule(registry: string, { restoredFrom: { peer, asOf } = {} }: RegistryStatus): Rule {
  const when = asOf === undefined ? "" : `, as of ${new Date(asOf).toISOString()}`;
  const effect = `${registry} was not listed since our start: the state that ${peer === undefined ? "was kept" : `peer ${peer} had`} is served${when}`;
  return { rule: "protection", effect, setting: peer === undefined ? "lastKnownGood.folder" : "lastKnownGood.peers" };
}

/** What decides how long the first of them lasts; an operator's word is taken back where it was said. */
function settingOf(holds: HostContribution["holds"], setting: string): string {
  switch (holds[0]?.why) {
    case "freeze":
      return "freeze, frozen, or `tributary unfreeze`";
    case "pause":
      return "paused, or `tributary resume`";
    case "mass-removal":
      return `${setting}.massRemovalHold`;
    default:
      return `${setting}.hold`;
  }
}

function mergeRules(host: HostExplanation, service: MergedService | undefined): Rule[] {
  const { decision, conflicts } = service ?? {};
  const joined = host.contributions.filter(({ named }) => named?.identity.startsWith(sameAsPrefix));
  return [
    ...joined.map(
      ({ registry }): Rule => ({
        rule: "same-as",
        effect: `what ${registry} gives is declared to be this service`,
        setting: "merging.sameAs",
      }),
    ),
    ...(decision === undefined || decision.policy === "union" ? mergeRule(host) : []),
    ...(decision === undefined || isUsual(decision) ? [] : decisionRules(decision)),
    ...(conflicts?.told ?? []).map((told): Rule => ({ rule: "conflict", effect: told })),
  ];
}

/** What every service has where nothing else is said needs no words. */
function isUsual({ policy, setting }: MergeDecision): boolean {
  return policy === "union" && setting === "merging.policy";
}

function decisionRules({ policy, setting, labels, serving, standby, shadows, failover }: MergeDecision): Rule[] {
  const why = labels === undefined ? "" : `, because endpoints have the labels ${labels}`;
  const waiting = standby.length === 0 ? "" : `; ${standby.join(", ")} stand by`;
  const pending = failover?.pending;
  const next = pending === undefined ? "" : `; ${pending.tier} is to serve since ${new Date(pending.since).toISOString()}`;
  return [
    { rule: "policy", effect: `${policy}${why}: the endpoints are those of ${serving.join(", ")}${waiting}${next}`, setting },
    ...shadows.map(
      ({ registry, missing, extra }): Rule => ({
        rule: "shadow",
        effect: `${registry} is only compared: it lacks ${missing} of the endpoints, and alone names ${extra}`,
        setting,
      }),
    ),
  ];
}

function mergeRule({ contributions }: HostExplanation): Rule[] {
  if (contributions.length < 2) return [];
  const order = contributions.map(({ registry }) => registry);
  const effect = `${order.join(", ")} give it; what they say of one endpoint is taken from the first of them`;
  return [{ rule: "merge", effect, setting: "registries (their order)" }];
}

function serviceRules(service: MergedService, vip: string | undefined, mesh: MeshConfig): Rule[] {
  return [
    vip === undefined
      ? { rule: "vip", effect: "no virtual address is left in the range", setting: "mesh.vipCidr" }
      : { rule: "vip", effect: `${vip} follows from the hash of ${service.namespace}/${service.host}`, setting: "mesh.vipCidr" },
    ...portRule(service, mesh),
    ...namesRule(service),
    ...weightRule(service),
    { rule: "tls", effect: `endpoint TLS is ${mesh.endpointTls}`, setting: "mesh.endpointTls" },
    { rule: "labels", effect: `endpoints carry ${mesh.labels.join(", ")} where instances have them`, setting: "mesh.labels" },
    ...(mesh.sourceLabels
      ? [{ rule: "labels", effect: "each registry and cluster that names an endpoint is a label of it", setting: "mesh.sourceLabels" }]
      : []),
    { rule: "export", effect: `seen by ${mesh.exportTo.join(", ")}`, setting: "mesh.exportTo" },
  ];
}

function portRule({ protocol, ports, endpoints }: MergedService, mesh: MeshConfig): Rule[] {
  if (protocol === undefined) {
    return [{ rule: "ports", effect: `declared by the service: ${ports.map((port) => `${port.protocol}:${port.number}`).join(", ")}` }];
  }
  const setting = `mesh.servicePorts.${protocol}`;
  const set = mesh.servicePorts[protocol];
  if (set !== undefined) return [{ rule: "ports", effect: `${set} is set for ${protocol}`, setting }];
  if (endpoints.length === 0) {
    const known = ports.map(({ number }) => number).join(", ");
    return [
      { rule: "ports", effect: known === "" ? "no instance has told a port yet" : `${known} is remembered of the last instances`, setting },
    ];
  }
  const votes = new Map<number, number>();
  for (const { ports: own } of endpoints) for (const { number } of own) votes.set(number, (votes.get(number) ?? 0) + 1);
  const tally = [...votes].sort(([a, x], [b, y]) => y - x || a - b).map(([number, count]) => `${number} at ${count}`);
  const shown = tally.length > 5 ? [...tally.slice(0, 5), `${tally.length - 5} other numbers`] : tally;
  return [{ rule: "ports", effect: `the most common of the instances' ${protocol} ports: ${shown.join(", ")}`, setting }];
}

function namesRule({ endpoints }: MergedService): Rule[] {
  const named = endpoints.filter(({ address, dns }) => dns && parseAddress(address).kind === "host-name");
  const [first] = named;
  if (first === undefined) return [];
  const effect = `${named.length} of ${endpoints.length} endpoints have host names: the proxies look them up`;
  return [{ rule: "host-names", effect, setting: `registries[${first.registries[0]}].hostNames` }];
}

function weightRule({ endpoints }: MergedService): Rule[] {
  const weights = new Set(endpoints.map(({ weight }) => weight));
  if (weights.size < 2) return [];
  const zero = weights.has(0) ? "; an endpoint of weight 0 is left out beside others" : "";
  return [{ rule: "weights", effect: `scaled to the smallest integers of the same ratios${zero}` }];
}
