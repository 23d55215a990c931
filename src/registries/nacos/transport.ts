/** How a source is opened. */
import type { Logger } from "../../log/logger.ts";
import type { Emitter } from "../contract.ts";
import type { Credentials } from "./access/credentials.ts";
import { AutoSource } from "./auto-source.ts";
import { GrpcSource } from "./grpc/grpc-source.ts";
import { HttpSource } from "./http/http-source.ts";
import type { NamingEvents, OpenSource } from "./naming-source.ts";
import type { NacosSettings } from "./settings.ts";
import { TrueHealthSource } from "./true-health.ts";

/** @returns opens sources for namespaces of which these groups are read; undefined: all */
export function openerOf(
  settings: NacosSettings,
  credentials: Credentials,
  report: Emitter["problem"],
  log: Pick<Logger, "debug" | "warn">,
): (groups: readonly string[] | undefined) => OpenSource {
  return (groups) => (server, namespace, all) => {
    const onlyGroup = groups?.length === 1 ? groups[0] : undefined;
    const common = { server, namespace, settings, credentials };
    const grpc = (events: NamingEvents) => new GrpcSource({ ...common, onlyGroup, events, report });
    const http = (events: NamingEvents) => new HttpSource({ ...common, events, log });
    const auto = (events: NamingEvents) => new AutoSource(server, events, { grpc, http });
    const open = { grpc, http, auto }[settings.transport];
    return settings.protectionThreshold === "ignore" ? new TrueHealthSource(server, all, open) : open(all);
  };
}
