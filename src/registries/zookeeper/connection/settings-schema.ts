/** The settings of every kind that reads from ZooKeeper: where it is, and how a session is had. */
import * as z from "zod";
import { between } from "../../../config/sections/values.ts";
import { readHostPort } from "../../host-port.ts";
import { tlsPathKeys, tlsSection } from "../../tls-schema.ts";
import type { ConnectionSettings, ZookeeperServer } from "./settings.ts";

export const zookeeperPath = z
  .string()
  .regex(/^(\/(?!\.{1,2}(\/|$))[^/]+)+$/, { error: "expected an absolute path without a trailing slash, such as /dubbo" });

const servers = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value, context): ZookeeperServer[] => {
  const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
  return texts.flatMap((text) => {
    const server = readHostPort(text, 2181);
    if (server) return [server];
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not host:port` });
    return [];
  });
});

/** Those of `connectionShape` that name files (`RegistryKind.pathKeys`). */
export const connectionPathKeys: readonly string[] = tlsPathKeys;

export const connectionShape = {
  servers: servers.describe("Servers of one ensemble, as a list or one text with commas; `host:port`, port 2181 if absent."),
  chroot: zookeeperPath.optional().describe("Path under which this registry's tree lies; all other paths are relative to it."),
  sessionTimeout: between("500ms", "10m")
    .prefault("15s")
    .describe("Session time-out asked for; the server may grant another. A silent server is noticed within two thirds of the shorter one."),
  connectTimeout: between("100ms", "10m")
    .prefault("5s")
    .describe("How long one server may take to accept a session; the first attempt is given 0.5 s, each mute one twice as long."),
  watches: z
    .enum(["auto", "one-shot"])
    .default("auto")
    .describe(
      "`auto`: one watch on the whole tree where the server has such (3.6 and later); `one-shot`: one on every node that is read, for trees whose nodes may be listed but not read.",
    ),
  tls: tlsSection
    .optional()
    .describe("TLS to the servers (their `secureClientPort`); the files are read for every connection. Absent: plain text."),
  auth: z
    .strictObject({
      scheme: z
        .enum(["digest", "sasl"])
        .default("digest")
        .describe(
          "`digest`: ZooKeeper's own scheme, which sends the password; `sasl`: SASL with DIGEST-MD5, which proves that it is known.",
        ),
      user: z.string().min(1).describe("User name."),
      password: z.string().describe("Password; use `${env:NAME}` or `${file:PATH}`."),
    })
    .optional()
    .describe("Credentials, where the tree is not world-readable."),
} as const;

/** Fails to compile if schema and connection disagree. */
const _settings = (parsed: z.output<z.ZodObject<typeof connectionShape>>): ConnectionSettings => parsed;
void _settings;
