/** `tributary diff`. */
import type { DiffResponse, FieldDiff, ObjectDiff, RegistryDiff, ServiceCounts } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { columns, oneLine } from "./columns.ts";

export function diffText(diff: DiffResponse): string {
  const { equal, sections, needsRestart, registries, counts, objects, notes } = diff;
  if (equal) return `${notesText(notes)}no difference\n`;
  const configuration = [
    ...registries.map(registryLine),
    ...sections.map((section) => `~ ${section}\n`),
    ...needsRestart.map((setting) => `! ${setting} is read only at start: a reload would be refused, a restart takes it over\n`),
  ];
  const all = (counts?.added ?? 0) + (counts?.lost ?? 0) + (counts?.renamed ?? 0) + (counts?.changed ?? 0);
  return [
    configuration.length > 0 ? `Configuration\n${indented(configuration.join(""))}` : "",
    objects.length > 0 ? `Served objects\n${indented(objects.map(objectLines).join(""))}` : "",
    notesText(notes),
    `${countsText(counts)}${objects.length < all ? "; not all are listed (--limit)" : ""}\n`,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

const signs: Readonly<Record<string, string>> = { added: "+", removed: "-", lost: "-", changed: "~", renamed: ">", reordered: "~" };

function registryLine({ id, change, settings }: RegistryDiff): string {
  const what = settings.length > 0 ? settings.join(", ") : change === "reordered" ? "another place in the order" : "";
  return `${`${signs[change] ?? "~"} registry ${id}  ${what}`.trimEnd()}\n`;
}

function objectLines({ kind, name, change, renamedTo, fields }: ObjectDiff): string {
  const label = kind === "ServiceEntry" ? "" : `${kind} `;
  const head = `${signs[change] ?? "~"} ${label}${name}${renamedTo === "" ? "" : ` → ${renamedTo}`}\n`;
  return head + columns(fields.map(fieldCells), "    ");
}

function fieldCells({ field, before, after }: FieldDiff): string[] {
  const none = (text: string) => (text === "" ? "(none)" : oneLine(text));
  return [field, `${none(before)} → ${none(after)}`];
}

function countsText(counts: ServiceCounts | undefined): string {
  if (counts === undefined) return "";
  const parts: [number, string][] = [
    [counts.lost, "lost"],
    [counts.renamed, "renamed"],
    [counts.changed, "changed"],
    [counts.added, "added"],
  ];
  const details: [number, string][] = [
    [counts.vipChanged, "with another address"],
    [counts.portsChanged, "with other ports"],
    [counts.endpointsChanged, "with other endpoints"],
  ];
  const shown = (list: [number, string][]) => list.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  const detail = shown(details).join(", ");
  return `${[...shown(parts), `${counts.unchanged} unchanged`].join(", ")}${detail === "" ? "" : ` (${detail})`}`;
}

function notesText(notes: readonly string[]): string {
  return notes.map((note) => `note: ${oneLine(note)}\n`).join("");
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
