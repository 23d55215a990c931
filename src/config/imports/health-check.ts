/** `failover` of both files: its health check is ours, its strategy mostly not. */
import type { ForeignFile, Section } from "./foreign-values.ts";
import { renamed } from "./foreign-values.ts";

/** @returns the keys of `clusters.health` */
export function healthCheck(failover: unknown, file: ForeignFile): Section {
  const section = file.section(failover, ["failover"]);
  const { enabled, strategy, healthCheck } = section;
  if (enabled === false) return {};
  if (strategy !== undefined && strategy !== "priority") {
    file.warn(
      ["failover", "strategy"],
      "only `priority` means something here: precedence in merging. Failover between endpoints is istiod's, see `localityLbSetting`",
    );
  }
  file.ignore(section, ["failover"], ["enabled", "strategy", "healthCheck"]);
  const check = file.section(healthCheck, ["failover", "healthCheck"]);
  if (check.enabled === false)
    file.warn(["failover", "healthCheck", "enabled"], "clusters are always probed; it never removes an endpoint");
  const known = {
    interval: "interval",
    timeout: "timeout",
    unhealthyThreshold: "unhealthyThreshold",
    healthyThreshold: "healthyThreshold",
  };
  file.ignore(check, ["failover", "healthCheck"], ["enabled", ...Object.keys(known)]);
  return renamed(check, known);
}
