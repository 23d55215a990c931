/** The `nacos` kind: services that are registered in Nacos, by Spring Cloud, Dubbo, or anything else. */
import * as z from "zod";
import { between } from "../../config/sections/values.ts";
import type { RegistryKind } from "../contract.ts";
import { readHostPort } from "../host-port.ts";
import { tlsPathKeys, tlsSection } from "../tls-schema.ts";
import { meaningShape } from "./meaning/settings-schema.ts";
import type { NacosServer, NacosSettings } from "./settings.ts";

const defaultPort = 8848;

/** `host:port`, with `https://` before it where the HTTP API is reached over TLS. */
function readServer(text: string): NacosServer | undefined {
  const [, scheme = "http", rest = ""] = /^(?:(https?):\/\/)?(.*?)\/?$/.exec(text) ?? [];
  const address = readHostPort(rest, defaultPort);
  return address && { scheme: scheme as NacosServer["scheme"], ...address };
}

const servers = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value, context): NacosServer[] => {
  const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
  return texts.flatMap((text) => {
    const server = readServer(text);
    if (server) return [server];
    context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not host:port` });
    return [];
  });
});

const text = z.string().min(1);
const headers = z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string());

const auth = z
  .strictObject({
    user: text.optional().describe("User name."),
    password: z.string().optional().describe("Password; use `${env:NAME}` or `${file:PATH}`."),
    accessKey: text.optional().describe("Access key, for servers that check signatures (Alibaba Cloud)."),
    secretKey: text.optional().describe("Its secret key; use `${env:NAME}` or `${file:PATH}`."),
    headers: headers
      .prefault({})
      .describe(
        "Sent with every request as they are, such as the identity by which servers know each other (`nacos.core.auth.server.identity`).",
      ),
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), { error: "`user` and `password` belong together" })
  .refine(({ accessKey, secretKey }) => (accessKey === undefined) === (secretKey === undefined), {
    error: "`accessKey` and `secretKey` belong together",
  });

const nacosSchema = z.strictObject({
  servers: servers.describe(
    "Servers of one cluster, as a list or one text with commas; `host:port`, port 8848 if absent, `https://` before it where HTTP needs TLS.",
  ),
  transport: z
    .enum(["auto", "grpc", "http"])
    .default("auto")
    .describe(
      "`grpc`: for Nacos 2.0 and later; `http`: for 1.x, and where gRPC's port is blocked; `auto`: gRPC, or HTTP where only that answers.",
    ),
  grpcPortOffset: z.int().min(-65_534).max(65_534).default(1_000).describe("Added to a server's port for its gRPC port."),
  contextPath: z
    .string()
    .regex(/^(\/[^/?#\s]+)*$/, { error: "expected a path without a trailing slash, such as /nacos" })
    .default("/nacos")
    .describe("Path before all others of the HTTP API; empty: none."),
  namespaces: z
    .union([text.transform((one) => [one]), z.array(text).min(1)])
    .optional()
    .describe("Namespaces to read, by id or show name; `*`: all. Absent: those that `groups` names in pairs, or the public one."),
  groups: z
    .union([text.transform((one) => [one]), z.array(text)])
    .default([])
    .describe("Groups to read; `*`: all, `namespace:group`: only in that namespace. Empty: `DEFAULT_GROUP`."),
  include: z
    .array(text)
    .default([])
    .describe("Services to read, `*` and `?` as wildcards, of Dubbo also by interface; empty: all. Others are not even subscribed."),
  exclude: z.array(text).default([]).describe("Services to leave out, by the same wildcards."),
  maxInFlight: z.int().min(1).max(1_000).default(32).describe("Subscriptions sent ahead of their answers, per namespace."),
  listInterval: between("1s", "7d")
    .prefault("30s")
    .describe(
      "The names of all services are listed this often (± 10 %): so long a new one may be unknown where the server does not tell names.",
    ),
  relistInterval: between("1s", "7d").prefault("10m").describe("Everything is read again this often (± 10 %), whatever was pushed."),
  pollInterval: between("100ms", "10m")
    .prefault("10s")
    .describe("Over HTTP every service is read again this often (± 10 %), and at once when a server of 1.x to 3.1 pushes over UDP."),
  connectTimeout: between("100ms", "10m").prefault("5s").describe("How long a server may take until a connection is set up."),
  requestTimeout: between("100ms", "10m").prefault("10s").describe("How long a server may take to answer a request."),
  healthCheckInterval: between("100ms", "10m")
    .prefault("5s")
    .describe("A gRPC connection that was silent for so long is checked; it is given up after three checks without an answer within 3 s."),
  tls: tlsSection
    .optional()
    .describe(
      "TLS to the gRPC ports, and how servers with `https://` are verified; the files are read for every connection. Absent: gRPC without TLS.",
    ),
  auth: auth.optional().describe("Who asks; all that is there is sent."),
  ...meaningShape,
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof nacosSchema>): NacosSettings => parsed;
void _settings;

export const nacosKind: RegistryKind<typeof nacosSchema.shape> = {
  id: "nacos",
  summary: "Services registered in Nacos, by Spring Cloud, Dubbo or anything else.",
  schema: nacosSchema,
  pathKeys: tlsPathKeys,
  naming: {
    suffix: "nacos",
    template: "[{protocol}.]{name}[.v-{version}][.g-{group}][.n-{namespace}].nacos",
    usualProtocols: ["http", "dubbo"],
  },
  session: new URL("./session.ts", import.meta.url),
};
