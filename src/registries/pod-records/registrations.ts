/** What a pod says of itself, whatever the form: services it offers, and those it calls. */
import type { Problem } from "../contract.ts";
import type { ConsumerUrl } from "../dubbo/consumer-url.ts";
import type { Instance, Service } from "../service.ts";

/** A service with the pod as one of its instances. */
export interface Offer extends Pick<Service, "key" | "hosts" | "annotations"> {
  readonly instance: Instance;
}

/** Callers of an interface. */
export interface Calls {
  readonly interface: string;
  readonly consumers: readonly ConsumerUrl[];
}

export interface Registrations {
  /** At most one of a key and an instance's id. */
  readonly offers: readonly Offer[];
  readonly calls: readonly Calls[];
}

/** What a payload can refer to of the pod that carries it. */
export interface Carrier {
  readonly namespace: string;
  readonly name: string;
  /** The first is the one that is meant where a payload names none; there is at least one. */
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * Reads a payload. A bad entry of it is reported and costs only itself; a payload that cannot be read at all gives in words why.
 * Never throws.
 */
export type Decode = (payload: string, carrier: Carrier, report: (problem: Problem) => void) => Registrations | string;

export const nothing: Registrations = { offers: [], calls: [] };
