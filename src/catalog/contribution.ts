/** What one registry gives to a service: with what others give, that is merged. */
import type { RegistryConfig } from "../config/schema.ts";
import { compareText } from "../naming/compare-text.ts";
import type { NamedService } from "../naming/named-service.ts";
import { keyText, type Locality } from "../registries/service.ts";

export interface Contribution {
  readonly registry: string;
  /** Position of the registry in the configuration; smaller goes first. */
  readonly priority: number;
  /** Network of its addresses that name none. */
  readonly network: string | undefined;
  /** Locality of its instances that name none. */
  readonly locality: Locality | undefined;
  /** What becomes of host names among its addresses. */
  readonly hostNames: RegistryConfig["hostNames"];
  readonly named: NamedService;
}

/** Precedence. Several services of one registry can be declared to be one; their keys tell them apart. */
export function byPriority(one: Contribution, other: Contribution): number {
  return (
    one.priority - other.priority ||
    compareText(one.registry, other.registry) ||
    compareText(keyText(one.named.key), keyText(other.named.key))
  );
}
