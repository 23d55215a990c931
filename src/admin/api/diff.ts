/** AdminService.Diff: what another configuration would change. One at a time: each holds a second catalog. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type DiffRequest,
  type DiffResponse,
  DiffResponseSchema,
  type ServiceCountsSchema,
} from "../../gen/tributary/admin/v1/admin_pb.ts";
import type { ObjectChange, StateDiff } from "../state-diff.ts";
import { CandidateErrors } from "../state-diff.ts";
import type { Inspection } from "./inspection.ts";

/** As much as a configuration file may have. */
const maxConfigBytes = 1024 * 1024;
const defaultLimit = 500;
const largestLimit = 2_000;

export type DiffMethod = (request: Pick<DiffRequest, "config" | "fileName" | "limit">, signal: AbortSignal) => Promise<DiffResponse>;

export function diffMethod({ diff }: Inspection): DiffMethod {
  let busy = false;
  return async ({ config, fileName, limit }, signal) => {
    if (diff === undefined) throw new ConnectError("nothing to compare with", Code.Unimplemented);
    if (config.trim() === "") throw new ConnectError("`config` is missing: the text of a configuration", Code.InvalidArgument);
    if (Buffer.byteLength(config) > maxConfigBytes)
      throw new ConnectError(`\`config\` is larger than ${maxConfigBytes} bytes`, Code.InvalidArgument);
    if (limit > largestLimit) throw new ConnectError(`\`limit\` is more than ${largestLimit}`, Code.InvalidArgument);
    if (busy) throw new ConnectError("another candidate is being compared; try again when it is done", Code.ResourceExhausted);
    busy = true;
    try {
      return diffResponse(await diff(config, printable(fileName) || "candidate", signal), limit || defaultLimit);
    } catch (error) {
      if (error instanceof CandidateErrors) throw new ConnectError(error.message, Code.InvalidArgument);
      throw error;
    } finally {
      busy = false;
    }
  };
}

function diffResponse({ objects, registries, sections, needsRestart, notes }: StateDiff, limit: number): DiffResponse {
  return create(DiffResponseSchema, {
    equal: objects.changes.length + registries.length + sections.length === 0,
    sections: [...sections],
    needsRestart: [...needsRestart],
    registries: registries.map(({ settings, ...registry }) => ({ ...registry, settings: [...settings] })),
    counts: countsOf(objects.unchanged, objects.changes),
    objects: objects.changes.slice(0, limit).map(({ type, name, change, renamedTo, fields }) => ({
      kind: type.slice(type.lastIndexOf("/") + 1),
      name,
      change,
      renamedTo,
      fields: [...fields],
    })),
    notes: [...notes],
  });
}

function countsOf(unchanged: number, changes: readonly ObjectChange[]): MessageInitShape<typeof ServiceCountsSchema> {
  const count = (is: (change: ObjectChange) => boolean) => changes.filter(is).length;
  const differsIn = (field: string) => count(({ fields }) => fields.some((one) => one.field === field));
  const noticed = ["vip", "ports", "endpoints"];
  return {
    unchanged,
    added: count(({ change }) => change === "added"),
    lost: count(({ change }) => change === "lost"),
    renamed: count(({ change }) => change === "renamed"),
    changed: count(({ change }) => change === "changed"),
    vipChanged: differsIn("vip"),
    portsChanged: differsIn("ports"),
    endpointsChanged: differsIn("endpoints"),
    otherwiseChanged: count(({ change, fields }) => change === "changed" && !fields.some(({ field }) => noticed.includes(field))),
  };
}

function printable(name: string): string {
  return name.slice(0, 256).replace(/\p{Cc}/gu, "");
}
