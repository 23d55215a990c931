/** The settings of how services of Nacos are understood. */
import * as z from "zod";
import type { MeaningSettings } from "./settings.ts";

const protocol = z.string().regex(/^[a-z][a-z0-9+.-]{0,62}$/, { error: "expected a protocol's name in lower case, such as http" });

export const meaningShape = {
  protocol: protocol.default("http").describe("What instances speak that say nothing of it themselves."),
  portKeys: z
    .record(z.string().min(1), protocol)
    .default({ gRPC_port: "grpc", "gRPC.port": "grpc" })
    .describe("Metadata that hold further ports of an instance, each with what is spoken there."),
  ipv6: z
    .boolean()
    .default(false)
    .describe("Use the IPv6 address that Spring Cloud writes into the metadata, in place of the IPv4 address."),
  clusters: z
    .enum(["label", "zone", "region", "none"])
    .default("label")
    .describe("What becomes of the name of an instance's cluster, unless it is `DEFAULT`: the label `cluster`, or a part of the locality."),
  protectionThreshold: z
    .enum(["believe", "ignore"])
    .default("believe")
    .describe(
      "Where so few instances of a service are healthy that the server calls all of them healthy (`protectThreshold`): `believe` it, or `ignore` that and ask which are healthy indeed.",
    ),
  merge: z
    .enum(["none", "groups", "namespaces"])
    .default("none")
    .describe(
      "Which services of the same name are one: `none`, those of one namespace in all its groups (`groups`), or those of all namespaces and groups (`namespaces`).",
    ),
  consumers: z.boolean().default(true).describe("Read who calls which Dubbo interface, where consumers register."),
  applications: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Read what Dubbo 3 registers of applications as a whole, too."),
      fallback: z
        .enum(["application", "none"])
        .default("application")
        .describe(
          "Where nothing tells which services an instance offers: `application` makes its application one service, `none` skips it.",
        ),
    })
    .prefault({})
    .describe("Dubbo's application level."),
} as const;

/** Fails to compile if schema and meaning disagree. */
const _settings = (parsed: z.output<z.ZodObject<typeof meaningShape>>): MeaningSettings => parsed;
void _settings;
