/** Scalar forms that several settings share. Their titles are the words of the documentation's type column. */
import * as z from "zod";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A longer timer would fire at once: Node keeps its delay in 31 bits. */
const longestMs = 24 * 86_400_000;

const durationForm = "expected a duration such as 250ms, 30s, 5m or 1h";

/** A duration such as `250ms`, `30s`, `1m30s`, `1h`, at most 24d; in the typed configuration: milliseconds. */
export const duration = z
  .string({ error: durationForm })
  .regex(/^(\d+(\.\d+)?(ms|s|m|h|d))+$/, { error: durationForm, abort: true })
  .refine((text) => milliseconds(text) <= longestMs, { error: "expected a duration of at most 24d" })
  .transform(milliseconds)
  .meta({ title: "duration" });

function milliseconds(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) sum += Number(count) * (unitMs[unit ?? ""] ?? 0);
  return Math.round(sum);
}

/** Timers hold 24 days at most, and none of these makes sense near zero. */
export function between(least: string, most: string) {
  const bounds = [duration.parse(least), duration.parse(most)] as const;
  return duration.refine((ms) => ms >= bounds[0] && ms <= bounds[1], { error: `expected a duration from ${least} to ${most}` });
}

/** A TCP port. */
export const port = z.int().min(1).max(65535).meta({ title: "port" });

/** A DNS label: it becomes part of labels, metrics and file names. */
export const registryId = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, { error: "expected a DNS label: lower-case letters, digits, -; at most 63" })
  .meta({ title: "DNS label" });

/** As Istio's remote secrets name clusters; it becomes part of labels, metrics and file names. */
export const clusterId = z
  .string()
  .regex(/^[A-Za-z0-9]([-._A-Za-z0-9]{0,61}[A-Za-z0-9])?$/, { error: "expected letters, digits, -, _ and .; at most 63" })
  .meta({ title: "cluster id" });

/** `host:port`; an IPv6 address in brackets. */
export const hostPort = z
  .string()
  .regex(/^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):(?:[1-9]\d{0,4})$/, { error: "expected host:port" })
  .meta({ title: "host:port" });

/** An IPv4 range in CIDR form. */
export const ipv4Cidr = z.cidrv4({ error: "expected an IPv4 range such as 241.0.0.0/8" }).meta({ title: "IPv4 range" });
