/** What protects a registry, as a message of the API. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Hold, ItemHold } from "../../catalog/protection/hold.ts";
import type { ProtectionReport } from "../../catalog/view/protection-report.ts";
import type { HoldSchema, ProtectionSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { instant } from "./instants.ts";

/** `redact`: details quote what registries said of their failures. */
export function protectionMessage(report: ProtectionReport, redact: (text: string) => string): MessageInitShape<typeof ProtectionSchema> {
  const { holds, itemHolds, growth, operator } = report;
  const message = (hold: Hold | ItemHold) => holdMessage(hold, redact);
  return {
    state: report.state,
    services: { ...report.services },
    holds: [...holds, ...itemHolds].map(message),
    growth: growth.map(message),
    frozen: operator.frozen ?? "",
    paused: operator.paused ?? "",
    heldItems: report.heldItems,
    dampedEndpoints: report.dampedEndpoints,
    waitingEndpoints: report.waitingEndpoints,
    returns: report.returns,
    growths: report.growths,
  };
}

export function holdMessage(hold: Hold | ItemHold, redact: (text: string) => string): MessageInitShape<typeof HoldSchema> {
  const { why, detail, since, until } = hold;
  return { why, detail: redact(detail), item: "itemId" in hold ? hold.itemId : "", since: instant(since), until: instant(until) };
}
