/** The `zookeeper` kind: services that Dubbo applications register in ZooKeeper, interface-level layout. */
import { isIPv6 } from "node:net";
import { z } from "zod";
import { duration, port } from "../../config/values.ts";
import type { RegistryKind } from "../contract.ts";
import type { ZookeeperServer, ZookeeperSettings } from "./settings.ts";

const zookeeperPath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/]+)+$/, { error: "expected an absolute path without a trailing slash, such as /dubbo" });

/** `host:port`, `host`, `[IPv6]:port` or IPv6 alone. */
function readServer(text: string): ZookeeperServer | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/i.exec(text);
  if (!match) return isIPv6(text) ? { host: text, port: 2181 } : undefined;
  const number = Number(match[3] ?? 2181);
  return port.safeParse(number).success ? { host: (match[1] ?? match[2])!, port: number } : undefined;
}

const servers = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value, context): ZookeeperServer[] => {
  const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
  return texts.flatMap((text) => {
    const server = readServer(text);
    if (server) return [server];
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not host:port` });
    return [];
  });
});

/** Timers hold 24 days at most, and none of these makes sense near zero. */
function between(least: string, most: string) {
  const bounds = [duration.parse(least), duration.parse(most)] as const;
  return duration.refine((ms) => ms >= bounds[0] && ms <= bounds[1], { error: `expected a duration from ${least} to ${most}` });
}

const zookeeperSchema = z.strictObject({
  servers: servers.describe("Servers of one ensemble, as a list or one text with commas; `host:port`, port 2181 if absent."),
  chroot: zookeeperPath.optional().describe("Path under which this registry's tree lies; all other paths are relative to it."),
  root: zookeeperPath.default("/dubbo").describe("Dubbo's registry group: the node whose children are the interfaces."),
  sessionTimeout: between("500ms", "10m")
    .prefault("15s")
    .describe("Session time-out asked for; the server may grant another. A silent server is noticed within two thirds of the shorter one."),
  connectTimeout: between("100ms", "10m")
    .prefault("5s")
    .describe("How long one server may take to accept a session; the first attempt is given 0.5 s, each mute one twice as long."),
  auth: z
    .strictObject({
      scheme: z.literal("digest").default("digest").describe("Authentication scheme."),
      user: z.string().min(1).describe("User name."),
      password: z.string().describe("Password; use `${env:NAME}` or `${file:PATH}`."),
    })
    .optional()
    .describe("Credentials, where the tree is not world-readable."),
  maxInFlight: z.int().min(1).max(10_000).default(128).describe("Requests sent ahead of their answers while listing."),
  relistInterval: between("1s", "7d").prefault("10m").describe("Everything is read again this often (± 10 %), whatever the watches said."),
  include: z.array(z.string().min(1)).default([]).describe("Interfaces to read, `*` and `?` as wildcards; empty: all."),
  exclude: z.array(z.string().min(1)).default([]).describe("Interfaces to leave out, by the same wildcards."),
  consumers: z.boolean().default(true).describe("Read who calls which interface, too."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof zookeeperSchema>): ZookeeperSettings => parsed;
void _settings;

export const zookeeperKind: RegistryKind<typeof zookeeperSchema.shape> = {
  id: "zookeeper",
  summary: "Dubbo services registered in ZooKeeper (interface level).",
  schema: zookeeperSchema,
  naming: { suffix: "dubbo", template: "[{protocol}.]{name}[.v-{version}][.g-{group}].dubbo", usualProtocols: ["dubbo"] },
  session: new URL("./session.ts", import.meta.url),
};
