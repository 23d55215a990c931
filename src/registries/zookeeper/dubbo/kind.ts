/** The `zookeeper` kind: services that Dubbo applications register in ZooKeeper, at interface level and as applications. */
import * as z from "zod";
import { between } from "../../../config/sections/values.ts";
import type { RegistryKind } from "../../contract.ts";
import { connectionPathKeys, connectionShape, zookeeperPath } from "../connection/settings-schema.ts";
import type { DubboSettings } from "./settings.ts";

const zookeeperSchema = z.strictObject({
  ...connectionShape,
  root: zookeeperPath.default("/dubbo").describe("Dubbo's registry group: the node whose children are the interfaces."),
  maxInFlight: z.int().min(1).max(10_000).default(128).describe("Requests sent ahead of their answers while listing."),
  relistInterval: between("1s", "7d").prefault("10m").describe("Everything is read again this often (± 10 %), whatever the watches said."),
  include: z.array(z.string().min(1)).default([]).describe("Interfaces to read, `*` and `?` as wildcards; empty: all."),
  exclude: z.array(z.string().min(1)).default([]).describe("Interfaces to leave out, by the same wildcards."),
  consumers: z.boolean().default(true).describe("Read who calls which interface, too."),
  rules: z.boolean().default(true).describe("Apply Dubbo's override rules about providers: weight, disabled, tag."),
  applications: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Read what applications register as a whole (Dubbo 3), too."),
      root: zookeeperPath.default("/services").describe("The node whose children are the applications; it need not exist."),
      fallback: z
        .enum(["application", "mapping", "none"])
        .default("application")
        .describe(
          "Where nothing tells which services an instance offers: `application` makes its application one service, `mapping` looks for the interfaces in Dubbo's name mapping first, `none` skips it.",
        ),
    })
    .prefault({})
    .describe("Dubbo's application level."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof zookeeperSchema>): DubboSettings => parsed;
void _settings;

export const zookeeperKind: RegistryKind<typeof zookeeperSchema.shape> = {
  id: "zookeeper",
  summary: "Dubbo services registered in ZooKeeper (interface and application level).",
  schema: zookeeperSchema,
  pathKeys: connectionPathKeys,
  naming: { suffix: "dubbo", template: "[{protocol}.]{name}[.v-{version}][.g-{group}].dubbo", usualProtocols: ["dubbo"] },
  session: new URL("./session.ts", import.meta.url),
};
