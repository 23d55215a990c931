/** One file's text to items, in whichever format its documents are. */
import type { Problem } from "../contract.ts";
import { isIstioDocument, readIstioDocument } from "./istio-format.ts";
import { type PlacedItem, Reading } from "./reading.ts";
import { isServicesDocument, readServicesDocument } from "./services-format.ts";
import { BadFile, readDocuments } from "./source-document.ts";

export type FileFormat = "auto" | "services" | "istio";

export interface FileContent {
  readonly items: readonly PlacedItem[];
  /** Ids of items that stand in the file but cannot be read: they keep their last state. */
  readonly unreadable: readonly string[];
  readonly problems: readonly Problem[];
}

/** @throws BadFile if the file as a whole cannot be understood: then its last good content counts. */
export function parseFile(file: string, text: string, format: FileFormat): FileContent {
  const content = { items: [] as PlacedItem[], unreadable: [] as string[], problems: [] as Problem[] };
  for (const document of readDocuments(file, text)) {
    const { value } = document;
    if (value === null || value === undefined) continue;
    const reading = new Reading(document);
    if (format !== "istio" && isServicesDocument(value)) readServicesDocument(value as Record<string, unknown>, reading);
    else if (format !== "services" && isIstioDocument(value)) readIstioDocument(value as Record<string, unknown>, reading);
    else throw new BadFile(document.where([]), expected[format]);
    content.items.push(...reading.items);
    content.unreadable.push(...reading.unreadable);
    content.problems.push(...reading.problems);
  }
  return content;
}

const expected: Readonly<Record<FileFormat, string>> = {
  auto: "expected a mapping with `services`, or Istio objects with `apiVersion` and `kind`",
  services: "expected a mapping with `services`",
  istio: "expected Istio objects with `apiVersion` and `kind`",
};
