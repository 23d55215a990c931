/** The sections of the three things that listen: xDS, metrics and health, the admin API. */
import * as z from "zod";
import { duration, port } from "./values.ts";

const tlsSchema = z
  .strictObject({
    certificate: z.string().min(1).describe("File of the server's certificate chain (PEM); read again when it changes."),
    key: z.string().min(1).describe("File of its private key (PEM)."),
    clientCa: z.string().min(1).describe("File of the authorities whose client certificates are trusted (PEM)."),
    allow: z
      .array(z.string().min(1))
      .min(1)
      .describe("Who may connect: subject alternative names (DNS name or URI, as `spiffe://…`) of client certificates, in full."),
  })
  .optional();

export const xdsSchema = z
  .strictObject({
    address: z
      .string()
      .min(1)
      .default("127.0.0.1")
      .describe("Listening address; another than loopback needs `tls`, because everybody there could read everything."),
    port: port
      .default(16010)
      .describe("Listening port, the one in the `configSources` of istiod's mesh configuration; with `shards`, the first of several."),
    shards: z
      .int()
      .min(1)
      .max(16)
      .default(1)
      .describe(
        "Ports in a row, each of which serves a part of the hosts: a change is sent again with its part only. istiod's `configSources` must name all of them, so their number needs a restart of both.",
      ),
    incrementalPort: port
      .optional()
      .describe(
        "Listening port for clients of istio-mcp's incremental dialect: the whole state first, then only what changed. Not for stock istiod, which is known and gets full state here too. Absent: no such port.",
      ),
    tls: tlsSchema.describe("TLS with client certificates. Absent: plain text, on loopback only."),
    maxStreams: z.int().min(1).default(100).describe("Streams at a time; a further one ends with RESOURCE_EXHAUSTED."),
    maxRequestBytes: z
      .int()
      .min(1024)
      .default(4 * 1024 * 1024)
      .describe("Largest request in bytes; a larger one ends its stream."),
    maxTypes: z.int().min(1).default(100).describe("Types one stream may ask for."),
    maxNames: z
      .int()
      .min(1)
      .default(100_000)
      .describe("Resource names one stream may subscribe to or, with delta xDS, say to hold; all streams together three times as many."),
    pacing: z
      .strictObject({
        perMegabyte: duration
          .prefault("25ms")
          .describe("Least gap between an acknowledgement and the next full-state push, per MB of the last one."),
        ackWarning: duration.prefault("60s").describe("An unacknowledged push is reported after this time."),
        ackTimeout: duration.prefault("5m").describe("An unacknowledged push ends its stream after this time."),
      })
      .prefault({})
      .describe("Pacing of full-state pushes."),
    initialSync: z
      .strictObject({
        timeout: duration
          .prefault("60s")
          .describe(
            "How long an istiod that has just started (cold) waits for the required registries. A warm one, which has state to lose, waits without limit.",
          ),
        onTimeout: z.enum(["serve", "wait"]).default("serve").describe("After `timeout`: `serve` what is known, or `wait` without limit."),
        istiodPorts: z.array(port).default([15010, 15012, 15017]).describe("istiod is warm if one of these accepts on loopback."),
        istiodHttpPorts: z
          .array(port)
          .default([8080, 15014])
          .describe("istiod is cold if one of these answers and none of the above accepts."),
      })
      .prefault({})
      .describe("First answer to the istiod in the same pod."),
  })
  .prefault({})
  .describe("The xDS server.");

export const metricsSchema = z
  .strictObject({
    address: z.string().min(1).default("127.0.0.1").describe("Listening address; the pod's address or 0.0.0.0 for kubelet and Prometheus."),
    port: port.default(16020).describe("Listening port of `/metrics`, `/healthz`, `/readyz`, `/startupz`."),
  })
  .prefault({})
  .describe("Metrics and health.");

export const adminSchema = z
  .strictObject({
    address: z.string().min(1).default("127.0.0.1").describe("Listening address; another than loopback needs `tls`."),
    port: port
      .default(16021)
      .describe("Listening port of the admin API and `/debug`: what `tributary why`, `diff`, `clients` and `dump` ask."),
    tls: tlsSchema.describe("TLS with client certificates. Absent: plain text, on loopback only."),
  })
  .prefault({})
  .describe("The admin API.");

export type TlsConfig = NonNullable<z.output<typeof tlsSchema>>;
export type XdsConfig = z.output<typeof xdsSchema>;
export type MetricsConfig = z.output<typeof metricsSchema>;
export type AdminConfig = z.output<typeof adminSchema>;
