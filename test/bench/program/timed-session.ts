/**
 * The session of a registry that knows the time of its own changes: it lists a large state at once,
 * and on request changes single services, each time by an instance that a client finds in raw bytes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BroadcastChannel } from "node:worker_threads";
import type { Session, StartSession } from "../../../src/registries/contract.ts";
import type { Instance, Item } from "../../../src/registries/service.ts";
import { markerAddress } from "../load/marker.ts";
import { sharedNow } from "../measuring/clock.ts";

export interface TimedSettings {
  /** Name of the line to its main thread. */
  readonly channel: string;
  readonly services: number;
  /** Per service. */
  readonly instances: number;
}

/** Markers `first` … `first + count - 1`, each added to a service of its own, at least `pause` ms apart. */
export interface TimedChanges {
  readonly first: number;
  readonly count: number;
  readonly pause: number;
}

/** When each of them was told to the emitter, in their order, on the shared clock. */
export type EmittedAt = readonly number[];

const port = { number: 20880, protocol: "dubbo" };

export const start: StartSession = ({ emit, settings }): Session => {
  const { channel: name, services, instances } = settings as TimedSettings;
  const channel = new BroadcastChannel(name);
  channel.onmessage = (event) => void change((event as { data: TimedChanges }).data);
  const list = () => emit.replaced(Array.from({ length: services }, (_, index) => itemOf(index)));
  list();
  return {
    relist: list,
    close: () => {
      channel.close();
      return Promise.resolve();
    },
  };

  async function change({ first, count, pause }: TimedChanges): Promise<void> {
    const emittedAt: number[] = [];
    for (let marker = first; marker < first + count; marker += 1) {
      await sleep(pause + Math.random() * 20);
      // A prime spreads them, so that neighbours in time are no neighbours in the snapshot.
      const item = itemOf((marker * 7919) % services, marker);
      emittedAt.push(sharedNow());
      emit.changed(item);
    }
    channel.postMessage(emittedAt);
  }

  function itemOf(index: number, marker?: number): Item {
    const addresses = Array.from({ length: instances }, (_, instance) => {
      const number = index * instances + instance;
      return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    });
    if (marker !== undefined) addresses.push(markerAddress(marker));
    const key = { name: `com.example.orders.api.OrderFacade${String(index).padStart(5, "0")}` };
    return { kind: "service", service: { key, instances: addresses.map(instanceOf), annotations: { "dubbo.interface": key.name } } };
  }
};

/** With the labels that carry traffic rules, as Dubbo's providers have them. */
function instanceOf(address: string): Instance {
  const labels = { application: "order-center", "dubbo.tag": "gray", region: "eu-central-1", zone: "eu-central-1a" };
  return { id: `${address}:${port.number}`, address, ports: [port], weight: 100, labels };
}
