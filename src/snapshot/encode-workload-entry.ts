import type { WorkloadEntry, WorkloadSelector } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import type { ReverseWriter } from "./reverse-writer.ts";

/** Writes the fields of a WorkloadEntry (also: of a ServiceEntry's endpoint), maps in canonical order. */
export function encodeWorkloadEntry(writer: ReverseWriter, entry: WorkloadEntry): void {
  writer.string(7, entry.serviceAccount);
  writer.uint32(6, entry.weight);
  writer.string(5, entry.locality);
  writer.string(4, entry.network);
  writer.stringMap(3, entry.labels);
  writer.uint32Map(2, entry.ports);
  writer.string(1, entry.address);
}

/** Writes a selector as the given field; present but empty is not the same as absent. */
export function encodeWorkloadSelector(writer: ReverseWriter, field: number, selector: WorkloadSelector | undefined): void {
  if (selector === undefined) return;
  const mark = writer.length;
  writer.stringMap(1, selector.labels);
  writer.close(field, mark);
}
