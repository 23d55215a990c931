/** `tributary registries list` and `get`. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { OwnedRegistry } from "../../gen/tributary/admin/v1/registries_pb.ts";
import { columns, oneLine } from "./columns.ts";

export function ownedRegistriesText(registries: readonly OwnedRegistry[]): string {
  const rows = registries.map((one) => [one.id, one.type, one.phases.join(", "), ownerText(one)]);
  const [headLine = "", ...lines] = columns([["REGISTRY", "TYPE", "PHASE", "FROM"], ...rows])
    .trimEnd()
    .split("\n");
  const problems = registries.map(({ owner }) => (owner?.problem ? [`  cannot be used: ${oneLine(owner.problem)}`] : []));
  return `${[headLine, ...lines.flatMap((line, at) => [line, ...(problems[at] ?? [])])].join("\n")}\n`;
}

/** The excerpt, ready to be edited and given to `set`. */
export function ownedRegistryText(registry: OwnedRegistry): string {
  const comment = `# registry ${registry.id}: ${ownerText(registry)}\n`;
  return registry.config === "" ? comment : `${comment}${registry.config}`;
}

function ownerText({ owner }: OwnedRegistry): string {
  if (!owner?.added) return `the configuration, ${owner?.position ?? ""}`;
  return `added by ${oneLine(owner.addedBy)} at ${timestampDate(owner.added).toISOString()}`;
}
