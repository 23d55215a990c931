/** What gives a host, and what the catalog did with it: the raw material of `why`. */
import { hostKey } from "../naming/collisions.ts";
import type { NamedService } from "../naming/named-service.ts";
import type { RegistryStatus } from "../registries/feed.ts";
import type { IstioResource, Service } from "../registries/service.ts";
import type { Hold, ItemHold } from "./protection/hold.ts";
import type { ProtectionState } from "./protection/protection-state.ts";
import type { ReadyResources } from "./ready-resources.ts";
import type { ServiceIndex } from "./service-index.ts";
import type { ServicePart } from "./service-part.ts";
import type { Source } from "./source.ts";
import { parseItem } from "./view/item-text.ts";
import { itemState } from "./view/protection-report.ts";

export interface HostExplanation {
  /** Catalog key: `service:namespace/host` or `resource:Kind/namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  /** The host, or the name of a ready object. */
  readonly host: string;
  /** Of the service that has the host; empty for a ready object. */
  readonly identity: string;
  /** The first in the configuration first. */
  readonly contributions: readonly HostContribution[];
  /** Catalog key of the ready object that is served instead. */
  readonly withheldBy: string | undefined;
  /** Other identities that wanted the host, with the hosts they got. */
  readonly collidesWith: readonly { readonly identity: string; readonly host: string | undefined }[];
}

/** What one registry has to do with a host. */
export interface HostContribution {
  readonly registry: string;
  readonly type: string;
  readonly itemId: string;
  readonly status: RegistryStatus;
  /** As it is taken from the registry, held instances among the others; undefined for a ready object. */
  readonly service: Service | undefined;
  /** A ready object that the registry gives. */
  readonly resource: IstioResource | undefined;
  /** The part of the service that has this host, before the collision rule; with what facts add to its instances. */
  readonly named: NamedService | undefined;
  /** The registry's network for addresses that name none. */
  readonly network: string | undefined;
  readonly template: { readonly text: string; readonly suffix: string; readonly configured: boolean };
  /** Ids of instances that the registry no longer names; why stands in `holds`. */
  readonly heldInstances: readonly string[];
  /** As many; a ready object has endpoints, but no instances. */
  readonly heldEndpoints: number;
  /** Epoch ms. */
  readonly heldSince: number | undefined;
  readonly state: ProtectionState;
  /** Under which its removals wait: those of the registry, and its own. */
  readonly holds: readonly (Hold | ItemHold)[];
  /** Sudden growth that is noticed now, of the registry and of the item. */
  readonly growth: readonly (Hold | ItemHold)[];
  /** Endpoints that the registry names, and which wait because of that. */
  readonly waitingEndpoints: number;
  /** Flap damping keeps some of its instances. */
  readonly damped: boolean;
  readonly drained: boolean;
  /** Epoch ms when this process first saw the item, and when its present content was seen. */
  readonly firstSeen: number;
  readonly lastSeen: number;
}

/** What the explanation is taken from. */
export interface ExplainedContents {
  readonly services: ServiceIndex;
  readonly resources: ReadyResources;
  readonly named: (part: ServicePart) => NamedService | undefined;
}

/** What gives a host (or "namespace/host"), in every namespace that has it. */
export function explain(
  host: string,
  contents: ExplainedContents & { namespaces(): Iterable<string> },
  sources: ReadonlyMap<string, Source>,
): readonly HostExplanation[] {
  const { resources } = contents;
  const slash = host.indexOf("/");
  const namespaces = slash < 0 ? [...contents.namespaces()] : [host.slice(0, slash)];
  const generated = namespaces.flatMap((namespace) => explainHost(namespace, host.slice(slash + 1), contents) ?? []);
  return [...generated, ...resources.taking(host).flatMap((key) => explainResource(key, resources, sources) ?? [])];
}

function explainHost(namespace: string, host: string, { services, resources, named }: ExplainedContents): HostExplanation | undefined {
  const key = hostKey(namespace, host);
  const parts = services.servedAt(key).toSorted((one, other) => one.source.priority - other.source.priority);
  const first = parts[0];
  if (first === undefined) return undefined;
  const collision = services.collisions().find((one) => one.namespace === namespace && one.host === first.host);
  const withheldBy = resources.blocking(namespace, host);
  return {
    key: `service:${key}`,
    namespace,
    host,
    identity: first.identity,
    contributions: parts.map((part) => contribution(part.source, part.itemId, named(part))),
    withheldBy: withheldBy === undefined ? undefined : `resource:${withheldBy}`,
    collidesWith:
      collision === undefined
        ? []
        : [{ identity: collision.keeps, host: collision.host }, ...collision.moved].filter(({ identity }) => identity !== first.identity),
  };
}

/** A ready object; `key`: `Kind/namespace/name`. */
function explainResource(key: string, resources: ReadyResources, sources: ReadonlyMap<string, Source>): HostExplanation | undefined {
  const winner = resources.winner(key);
  const source = winner && sources.get(winner.registry);
  if (winner === undefined || source === undefined) return undefined;
  const [, namespace = "", name = ""] = key.split("/");
  return {
    key: `resource:${key}`,
    namespace,
    host: name,
    identity: "",
    contributions: [contribution(source, winner.itemId, undefined)],
    withheldBy: undefined,
    collidesWith: [],
  };
}

function contribution(source: Source, itemId: string, named: NamedService | undefined): HostContribution {
  const { view, config, naming } = source;
  const { holds, growth, rules } = view;
  const kept = view.items.get(itemId);
  const item = kept && parseItem(kept.text);
  const service = item?.kind === "service" ? item.service : undefined;
  const held = view.items.held.get(itemId);
  const truth = held?.truth === undefined ? undefined : parseItem(held.truth);
  const stillThere = new Set(truth?.kind === "service" ? truth.service.instances.map(({ id }) => id) : []);
  return {
    registry: source.id,
    type: config.type,
    itemId,
    status: view.status,
    service,
    resource: item?.kind === "resource" ? item.resource : undefined,
    named,
    network: config.network,
    template: {
      text: "problem" in naming.template ? "" : naming.template.text,
      suffix: naming.suffix,
      configured: config.naming.template !== undefined,
    },
    heldInstances: held === undefined ? [] : (service?.instances ?? []).map(({ id }) => id).filter((id) => !stillThere.has(id)),
    heldEndpoints: view.items.heldEndpoints(itemId),
    heldSince: held?.since,
    state: itemState(view, itemId),
    holds: [...holds.all(rules), ...one(holds.items.get(itemId), rules.massRemovalHold)],
    growth: [...growth.all(rules), ...one(growth.items.get(itemId), rules.growthHold)],
    waitingEndpoints: growth.waiting.get(itemId)?.added ?? 0,
    damped: view.departures.concerns(itemId),
    drained: view.isDrained,
    firstSeen: kept?.firstSeen ?? 0,
    lastSeen: kept?.lastSeen ?? 0,
  };
}

/** With its end; `duration`: ms from its beginning. */
function one(hold: ItemHold | undefined, duration: number): readonly ItemHold[] {
  return hold === undefined ? [] : [{ ...hold, until: hold.since + duration }];
}
