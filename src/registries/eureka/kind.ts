/** The `eureka` kind: applications that register themselves at a Eureka server. */
import * as z from "zod";
import { between } from "../../config/sections/values.ts";
import type { RegistryKind } from "../contract.ts";
import { tlsPathKeys, tlsSection } from "../tls-schema.ts";
import { readServerAddress } from "./server-address.ts";
import type { EurekaSettings, ServerAddress } from "./settings.ts";
import { statuses } from "./wire/status.ts";

const text = z
  .string()
  .min(1)
  .meta({ examples: ["http://eureka-0:8761/eureka/"] });

const servers = z.union([text, z.array(z.string().min(1)).min(1)]).transform((value, context): ServerAddress[] => {
  // A password may hold a comma.
  const texts = typeof value === "string" ? value.split(/,(?=\s*https?:)/i) : value;
  return texts.flatMap((text) => {
    const address = readServerAddress(text.trim());
    if (typeof address !== "string") return [address];
    // The text may hold a password.
    context.addIssue({ code: "custom", message: `expected a URL such as http://eureka-0:8761/eureka/: ${address}` });
    return [];
  });
});

const eurekaSchema = z.strictObject({
  servers: servers.describe(
    "Service URLs of one cluster's servers, as Spring's clients name them (`http://user:password@host:8761/eureka/`), as a list or one text with commas. The first that answers is followed; put the nearest first.",
  ),
  auth: z
    .strictObject({
      user: z.string().min(1).describe("User name."),
      password: z.string().describe("Password; use `${env:NAME}` or `${file:PATH}`."),
    })
    .optional()
    .describe("Basic authentication, for servers whose URL holds no user."),
  tls: tlsSection.optional().describe("For servers with `https`; the files are read for every connection. Absent: what Node.js trusts."),
  pollInterval: between("100ms", "2m").prefault("10s").describe("What changed is asked for this often (± 10 %)."),
  fullInterval: between("1s", "7d").prefault("10m").describe("Everything is read this often, whatever the changes said."),
  requestTimeout: between("100ms", "2m").prefault("5s").describe("How long a server may say nothing before the next one is asked."),
  missingHold: between("0s", "1h")
    .prefault("2m")
    .describe(
      "What a server lacks without a word that it went stays this long, is asked for again, also at the other servers, and then goes: a server that was just started is empty until its clients are back.",
    ),
  statuses: z
    .array(z.enum(statuses))
    .min(1)
    .default(["UP"])
    .describe("Instances in one of these are served; those in another stay known and get no traffic."),
  region: z.string().min(1).optional().describe("Region of instances that tell a zone only; without one, Istio ignores their zone."),
  include: z.array(z.string().min(1)).default([]).describe("Applications to serve, in any case, `*` and `?` as wildcards; empty: all."),
  exclude: z.array(z.string().min(1)).default([]).describe("Applications to leave out, by the same wildcards."),
});

/** Fails to compile if schema and session disagree. */
const _settings = (parsed: z.output<typeof eurekaSchema>): EurekaSettings => parsed;
void _settings;

export const eurekaKind: RegistryKind<typeof eurekaSchema.shape> = {
  id: "eureka",
  summary: "Applications registered at a Eureka server, such as those of Spring Cloud.",
  schema: eurekaSchema,
  pathKeys: tlsPathKeys,
  naming: { suffix: "eureka", template: "[{protocol}.]{name}.eureka", usualProtocols: ["http"] },
  session: new URL("./session.ts", import.meta.url),
};
