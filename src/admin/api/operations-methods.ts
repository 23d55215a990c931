/** The methods of OperationsService: what operators say of registries and hosts, to this replica. */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { didYouMean, nearest } from "../../errors/nearest.ts";
import {
  type OperationRequest,
  type OperationResponse,
  OperationResponseSchema,
  type OperationsService,
  type ReleaseResponse,
  ReleaseResponseSchema,
} from "../../gen/tributary/admin/v1/operations_pb.ts";
import type { Operations, OperatorVerb } from "../operations.ts";
import { callerIn } from "./caller.ts";
import { keptNote } from "./change-methods.ts";
import type { Inspection } from "./inspection.ts";
import { nearestHosts } from "./nearest-hosts.ts";

/** Longer than any id, host or name of a service. */
const longest = 1_024;
const maxNearest = 5;

export function operationsMethods(inspection: Inspection, operations: Operations): ServiceImpl<typeof OperationsService> {
  const says = (verb: OperatorVerb) => (request: OperationRequest, context: HandlerContext) => say(operations, verb, request, context);
  return {
    release: ({ target }, context) => release(inspection, operations, target, context),
    freeze: says("freeze"),
    unfreeze: says("unfreeze"),
    pause: says("pause"),
    resume: says("resume"),
  };
}

async function release({ catalog }: Inspection, operations: Operations, text: string, context: HandlerContext): Promise<ReleaseResponse> {
  const target = word("target", text.replace(/\.$/, ""));
  if (target === "") throw new ConnectError("`target` is missing: a registry's id, or a host", Code.InvalidArgument);
  const released = operations.release(target, callerIn(context));
  if (released === undefined) {
    const near = [nearest(target, operations.targets()) ?? [], await nearestHosts(target, catalog.hosts(), maxNearest)].flat();
    const hint = near.length === 0 ? "nothing known is like it" : `the nearest are ${near.join(", ")}`;
    throw new ConnectError(`${JSON.stringify(target.slice(0, 100))} is no registry and no host; ${hint}`, Code.NotFound);
  }
  const { registries, hosts, count } = released;
  const notes = ["released on this replica only; for all, change `release` of the registry in the configuration"];
  return create(ReleaseResponseSchema, { registries: [...registries], hosts: [...hosts], released: count, notes });
}

async function say(
  operations: Operations,
  verb: OperatorVerb,
  request: OperationRequest,
  context: HandlerContext,
): Promise<OperationResponse> {
  const registry = word("registry", request.registry) || undefined;
  if (registry === undefined && (verb === "pause" || verb === "resume")) {
    throw new ConnectError(`\`registry\` is missing: the id of the one to ${verb}`, Code.InvalidArgument);
  }
  const targets = operations.targets();
  if (registry !== undefined && !targets.includes(registry)) {
    const shown = JSON.stringify(registry.slice(0, 100));
    throw new ConnectError(`there is no registry ${shown}${didYouMean(registry, targets)}`, Code.NotFound);
  }
  const { changed, standing, notKept } = await operations.say(verb, registry, callerIn(context));
  return create(OperationResponseSchema, {
    changed,
    standing: standing.map((one) => ({ ...one })),
    notKept: notKept ?? "",
    notes: [
      `on this replica only; for all, set \`${settings[verb](registry)}\` in the configuration`,
      keptNote(notKept),
      ...(ends.has(verb) ? standing.filter(({ registry: id }) => concerns(registry, id)).map(stillStands) : []),
    ],
  });
}

const settings: Readonly<Record<OperatorVerb, (registry: string | undefined) => string>> = {
  freeze: (registry) => (registry === undefined ? "freeze: true" : "frozen: true"),
  unfreeze: (registry) => (registry === undefined ? "freeze: false" : "frozen: false"),
  pause: () => "paused: true",
  resume: () => "paused: false",
};

const ends: ReadonlySet<OperatorVerb> = new Set(["unfreeze", "resume"]);

function concerns(asked: string | undefined, registry: string): boolean {
  return asked === undefined || registry === asked || registry.startsWith(`${asked}/`);
}

function stillStands({ registry, word: reason }: { readonly registry: string; readonly word: string }): string {
  return `it goes on for ${registry}: ${reason}`;
}

function word(field: string, text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > longest) throw new ConnectError(`\`${field}\` is longer than ${longest} characters`, Code.InvalidArgument);
  return trimmed;
}
