/** Scalar forms that several settings share. */
import { z } from "zod";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration such as `250ms`, `30s`, `1m30s`, `1h`; in the typed configuration: milliseconds. */
export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, { error: "expected a duration such as 250ms, 30s, 5m or 1h" })
  .transform((text) =>
    [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (unitMs[unit ?? ""] ?? 0), 0),
  );

export const port = z.int().min(1).max(65535);

/** A DNS label: it becomes part of labels, metrics and file names. */
export const registryId = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "expected a DNS label: lower-case letters, digits, -; at most 63" });

export const ipv4Cidr = z.string().regex(/^(\d{1,3}\.){3}\d{1,3}\/\d{1,2}$/, { error: "expected an IPv4 range such as 241.0.0.0/8" });
