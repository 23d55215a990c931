import type { Sidecar, SidecarPort } from "../gen/istio/networking/v1alpha3/networking_pb.ts";
import { encodeWorkloadSelector } from "./encode-workload-entry.ts";
import type { ReverseWriter } from "./reverse-writer.ts";

/** Writes the fields of a Sidecar. Lists keep their order: the first matching listener wins in Istio. */
export function encodeSidecar(writer: ReverseWriter, sidecar: Sidecar): void {
  const { egress, ingress, outboundTrafficPolicy: policy } = sidecar;
  if (policy !== undefined) {
    const mark = writer.length;
    writer.uint32(1, policy.mode);
    writer.close(4, mark);
  }
  for (let i = egress.length - 1; i >= 0; i--) {
    const listener = egress[i]!;
    const mark = writer.length;
    writer.strings(4, listener.hosts);
    writer.uint32(3, listener.captureMode);
    writer.string(2, listener.bind);
    encodePort(writer, listener.port);
    writer.close(3, mark);
  }
  for (let i = ingress.length - 1; i >= 0; i--) {
    const listener = ingress[i]!;
    const mark = writer.length;
    writer.string(4, listener.defaultEndpoint);
    writer.uint32(3, listener.captureMode);
    writer.string(2, listener.bind);
    encodePort(writer, listener.port);
    writer.close(2, mark);
  }
  encodeWorkloadSelector(writer, 1, sidecar.workloadSelector);
}

function encodePort(writer: ReverseWriter, port: SidecarPort | undefined): void {
  if (port === undefined) return;
  const mark = writer.length;
  writer.string(3, port.name);
  writer.string(2, port.protocol);
  writer.uint32(1, port.number);
  writer.close(1, mark);
}
