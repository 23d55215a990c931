/** The session of a registry that is a bad neighbour: it lists a few services, and then does its worst, for ever. */
import type { Session, StartSession } from "../../src/registries/contract.ts";
import type { Item } from "../../src/registries/service.ts";

/**
 * - `crashing`: throws after `every` ms
 * - `hanging`: stands still after `every` ms
 * - `leaking`: keeps 16 MiB of buffers more every `every` ms
 * - `flooding`: changes `every`-ly as many services as makes 10,000 changes a second
 */
export const behaviours = ["crashing", "hanging", "leaking", "flooding"] as const;
export type Behaviour = (typeof behaviours)[number];

export interface BadSettings {
  readonly behaviour: Behaviour;
  /** ms */
  readonly every: number;
}

export const badSession = new URL(import.meta.url);

/** Services it gives. */
export const badServices = 200;
const floodPerSecond = 10_000;
const leak = 16 * 1024 * 1024;

export const start: StartSession = ({ emit, settings }): Session => {
  const { behaviour, every } = settings as BadSettings;
  const kept: Buffer[] = [];
  let changes = 0;
  const list = () => emit.replaced(Array.from({ length: badServices }, (_, at) => itemOf(behaviour, at, 1)));
  list();
  let last = performance.now();
  const timer = setInterval(() => {
    switch (behaviour) {
      case "crashing":
        throw new Error("crashes, as it always does");
      case "hanging":
        for (;;);
      case "leaking":
        kept.push(Buffer.alloc(leak, 1));
        break;
      case "flooding": {
        const due = Math.round(((performance.now() - last) / 1000) * floodPerSecond);
        last = performance.now();
        for (let at = 0; at < due; at += 1, changes += 1) emit.changed(itemOf(behaviour, changes % badServices, 1 + (changes % 65_000)));
      }
    }
  }, every);
  return {
    relist: list,
    close: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
};

function itemOf(behaviour: string, number: number, weight: number): Item {
  const instances = [0, 1].map((instance) => {
    const address = `10.9.${instance}.${number % 256}`;
    return { id: address, address, ports: [{ number: 80, protocol: "http" }], weight, labels: { zone: "eu-central-1a" } };
  });
  return { kind: "service", service: { key: { name: `${behaviour}-${number}` }, instances } };
}
