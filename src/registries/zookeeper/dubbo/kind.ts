/** The `zookeeper` kind: services that Dubbo applications register in ZooKeeper, interface-level layout. */
import * as z from "zod";
import type { RegistryKind } from "../../contract.ts";
import { between, connectionPathKeys, connectionShape, zookeeperPath } from "../connection/settings-schema.ts";
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
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof zookeeperSchema>): DubboSettings => parsed;
void _settings;

export const zookeeperKind: RegistryKind<typeof zookeeperSchema.shape> = {
  id: "zookeeper",
  summary: "Dubbo services registered in ZooKeeper (interface level).",
  schema: zookeeperSchema,
  pathKeys: connectionPathKeys,
  naming: { suffix: "dubbo", template: "[{protocol}.]{name}[.v-{version}][.g-{group}].dubbo", usualProtocols: ["dubbo"] },
  session: new URL("./session.ts", import.meta.url),
};
