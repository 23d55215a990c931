/** The `sofa` kind: services that SOFARPC and Dubbo applications, or others, publish in SOFARegistry. */
import * as z from "zod";
import { between } from "../../config/sections/values.ts";
import type { RegistryKind } from "../contract.ts";
import { type HostPort, readHostPort } from "../host-port.ts";
import type { SofaSettings } from "./settings.ts";

/** A list of servers, or one text with commas. */
function servers(defaultPort: number) {
  return z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).transform((value, context): HostPort[] => {
    const texts = (typeof value === "string" ? value.split(",") : value).map((text) => text.trim());
    return texts.flatMap((text) => {
      const server = readHostPort(text, defaultPort);
      if (server) return [server];
      context.addIssue({ code: "custom", message: `${JSON.stringify(text)} is not host:port` });
      return [];
    });
  });
}

const names = z.array(z.string().min(1));

const sofaSchema = z.strictObject({
  endpoints: servers(9603).describe(
    "HTTP addresses of session servers, or of what balances them, as a list or one text with commas; `host:port`, port 9603 if absent.",
  ),
  sessions: servers(9600)
    .optional()
    .describe(
      "Bolt addresses of the session servers, port 9600 if absent. Absent: the endpoints tell them, as the servers know themselves.",
    ),
  dataServers: servers(9622)
    .optional()
    .describe(
      "HTTP addresses of all data servers, port 9622 if absent; for `listing: data-servers` and `transport: http`. Absent: the endpoints tell them.",
    ),
  transport: z
    .enum(["bolt", "http"])
    .default("bolt")
    .describe(
      "`bolt`: subscriptions at a session server; `http`: the data servers are read again and again, where Bolt cannot be reached.",
    ),
  codec: z
    .enum(["auto", "protobuf", "hessian"])
    .default("auto")
    .describe(
      "How messages are written: `protobuf` (SOFARegistry 6), `hessian` (5 and 6), or `auto`: protobuf, and Hessian where a server does not know it.",
    ),
  listing: z
    .enum(["sessions", "data-servers", "static"])
    .default("sessions")
    .describe("Where the names of the services come from: all session servers, all data servers, or `dataIds` alone."),
  dataIds: names
    .default([])
    .describe(
      "Services to follow whatever the listing says: a dataId such as `com.acme.PayFacade:1.0@DEFAULT`, in every one of `groups`, or a whole `dataId#@#instanceId#@#group`.",
    ),
  include: names.default([]).describe("DataIds to take from the listing, `*` and `?` as wildcards; empty: all."),
  exclude: names.default([]).describe("DataIds to leave out of the listing, by the same wildcards."),
  groups: names.min(1).default(["SOFA"]).describe("Groups to follow."),
  instanceId: z.string().min(1).default("DEFAULT_INSTANCE_ID").describe("Instance (tenant) to follow."),
  dataCenter: z.string().min(1).optional().describe("Take the data of this data center only. Absent: of all that are told of."),
  zone: z
    .string()
    .default("")
    .describe("Our own zone: session servers in it are preferred, and `scope: zone` is about it. Empty: the server's."),
  scope: z
    .enum(["zone", "dataCenter", "global"])
    .default("global")
    .describe("Publishers to be told of: those of our zone, or of all zones; other data centers are told with `acceptMulti`."),
  acceptMulti: z
    .boolean()
    .default(false)
    .describe("Ask for the data of other data centers, too (SOFARegistry 6.2 and later, with `scope: global`)."),
  appName: z.string().min(1).default("tributary").describe("Name under which SOFARegistry lists us as a subscriber."),
  attributes: z
    .record(z.string(), z.string())
    .default({})
    .describe("Attributes of every subscription, where a gateway in front of SOFARegistry asks for such."),
  warmUp: z.boolean().default(true).describe("Heed the weight that a provider wants while it warms up, as SOFARPC does."),
  maxInFlight: z.int().min(1).max(10_000).default(128).describe("Requests sent ahead of their answers."),
  connectTimeout: between("100ms", "10m").prefault("3s").describe("How long a session server may take to accept a connection."),
  requestTimeout: between("100ms", "10m").prefault("5s").describe("How long a server may take to answer a request."),
  heartbeatInterval: between("100ms", "40s")
    .prefault("5s")
    .describe(
      "A heartbeat is sent this often; a silent server is noticed within two of them. Servers end a connection that is silent for 45 s.",
    ),
  refreshInterval: between("500ms", "1d")
    .prefault("30s")
    .describe(
      "How often (± 10 %) services and session servers are listed and the push switch is looked at; with `transport: http`, how often everything is read.",
    ),
  relistInterval: between("1s", "7d").prefault("10m").describe("Everything is subscribed anew this often (± 10 %), whatever was pushed."),
  unknownGrace: between("0s", "1d")
    .prefault("30s")
    .describe(
      "A server that has just been started knows nothing of a service until its publishers are back: the old state is kept so long.",
    ),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof sofaSchema>): SofaSettings => parsed;
void _settings;

export const sofaKind: RegistryKind<typeof sofaSchema.shape> = {
  id: "sofa",
  summary: "Services published in SOFARegistry by SOFARPC, Dubbo or others.",
  schema: sofaSchema,
  naming: {
    suffix: "sofa",
    template: "[{protocol}.]{name}[.v-{version}][.g-{group}][.n-{namespace}].sofa",
    usualProtocols: ["bolt"],
  },
  session: new URL("./session.ts", import.meta.url),
};
