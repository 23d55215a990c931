/** The `spring-cloud-zookeeper` kind: services that Spring Cloud applications, or others that use Curator, register in ZooKeeper. */
import * as z from "zod";
import { between } from "../../../config/sections/values.ts";
import type { RegistryKind } from "../../contract.ts";
import { connectionPathKeys, connectionShape, zookeeperPath } from "../connection/settings-schema.ts";
import type { SpringSettings } from "./settings.ts";

const springSchema = z.strictObject({
  ...connectionShape,
  root: zookeeperPath.default("/services").describe("Spring's `discovery.root`: the node whose children are the services."),
  maxInFlight: z.int().min(1).max(10_000).default(128).describe("Requests sent ahead of their answers while listing."),
  relistInterval: between("1s", "7d").prefault("10m").describe("Everything is read again this often (± 10 %), whatever the watches said."),
  include: z.array(z.string().min(1)).default([]).describe("Services to serve, `*` and `?` as wildcards; empty: all."),
  exclude: z.array(z.string().min(1)).default([]).describe("Services to leave out, by the same wildcards."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof springSchema>): SpringSettings => parsed;
void _settings;

export const springZookeeperKind: RegistryKind<typeof springSchema.shape> = {
  id: "spring-cloud-zookeeper",
  summary: "Services of Spring Cloud applications, or of others that use Curator, registered in ZooKeeper.",
  schema: springSchema,
  pathKeys: connectionPathKeys,
  naming: { suffix: "zookeeper", template: "[{protocol}.]{name}.zookeeper", usualProtocols: ["http"] },
  session: new URL("./session.ts", import.meta.url),
};
