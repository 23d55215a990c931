/** Which interfaces pods call, as they say themselves: consumers of services, and facts about the pods' addresses. */
import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import type { Calls } from "../../pod-records/registrations.ts";
import { keyText, type ServiceKey } from "../../service.ts";
import { isOwnAddress } from "./own-address.ts";
import type { Pod } from "./pod.ts";

/** Of an address from which more is called, the first are told. */
const maxCalls = 1_000;

interface CallingPod {
  readonly address: string;
  readonly calls: readonly Calls[];
}

export class PodCallers {
  readonly #pods = new Map<string, CallingPod>();
  readonly #byInterface = new Map<string, Set<string>>();
  readonly #byAddress = new Map<string, Set<string>>();

  /** Takes the place of what the pod called before. @returns interfaces and addresses of which something else holds now */
  set(
    podKey: string,
    pod: Pod,
    calls: readonly Calls[],
  ): { readonly interfaces: ReadonlySet<string>; readonly addresses: ReadonlySet<string> } {
    const before = this.#pods.get(podKey);
    if (before !== undefined) {
      for (const call of before.calls) remove(this.#byInterface, call.interface, podKey);
      remove(this.#byAddress, before.address, podKey);
      this.#pods.delete(podKey);
    }
    const address = pod.addresses[0]!;
    if (calls.length > 0) {
      this.#pods.set(podKey, { address, calls: calls.map((call) => ofPod(call, pod)) });
      for (const call of calls) add(this.#byInterface, call.interface, podKey);
      add(this.#byAddress, address, podKey);
    }
    const interfaces = new Set([...(before?.calls ?? []), ...calls].map((call) => call.interface));
    const addresses = new Set([...(before ? [before.address] : []), ...(calls.length > 0 ? [address] : [])]);
    return { interfaces, addresses };
  }

  /** Those who call an interface, pod by pod in order. */
  consumersOf(name: string): ConsumerUrl[] {
    const keys = [...(this.#byInterface.get(name) ?? [])].sort();
    return keys.flatMap((key) => this.#pods.get(key)!.calls.flatMap((call) => (call.interface === name ? call.consumers : [])));
  }

  addresses(): Iterable<string> {
    return this.#byAddress.keys();
  }

  /** What is called from an address, as the callers name it. */
  callsFrom(address: string): ServiceKey[] {
    const called = new Map<string, ServiceKey>();
    for (const podKey of this.#byAddress.get(address) ?? []) {
      for (const { interface: name, consumers } of this.#pods.get(podKey)!.calls) {
        for (const { group, version } of consumers) {
          const key = { ...(group && { group }), name, ...(version && { version }) };
          called.set(keyText(key), key);
        }
      }
    }
    const sorted = [...called].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.slice(0, maxCalls).map(([, key]) => key);
  }
}

/** An address that is not the pod's own says nothing of who calls. */
function ofPod({ interface: name, consumers }: Calls, pod: Pod): Calls {
  return {
    interface: name,
    consumers: consumers.map((consumer) => {
      const { address, ...rest } = consumer;
      return address === undefined || isOwnAddress(address, pod) ? consumer : { ...rest, address: pod.addresses[0]! };
    }),
  };
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function remove(map: Map<string, Set<string>>, key: string, value: string): void {
  const values = map.get(key);
  values?.delete(value);
  if (values?.size === 0) map.delete(key);
}
