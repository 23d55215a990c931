/** Two ZooKeepers in one Tributary: one gets into trouble, and the other's changes are timed. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Child } from "../servers/child.ts";
import { DubboWriter } from "../servers/dubbo-writer.ts";
import { freeIstiodPorts } from "../servers/istiod.ts";
import { Tributary } from "../servers/tributary.ts";
import type { Removal } from "./endpoint-view.ts";
import { type Observer, observeDelta } from "./observers.ts";
import { Setting } from "./setting.ts";

/** ms between two changes of the registry that is well. */
const pause = 50;
/** Over so many the changes are spread, so that services stay small. */
const interfaces = 50;
/** Where a flood's providers say that they are. */
const flooded = "10.34.";

export class Neighbours {
  readonly troubled: Setting;
  readonly #well: Setting;
  readonly #tributary: Tributary;
  readonly #observer: Observer;
  readonly #writer: DubboWriter;
  #changes = 0;

  private constructor(troubled: Setting, well: Setting, tributary: Tributary, writer: DubboWriter) {
    this.troubled = troubled;
    this.#well = well;
    this.#tributary = tributary;
    this.#observer = observeDelta(tributary.address);
    this.#writer = writer;
  }

  static async start(): Promise<Neighbours> {
    const [troubled, well] = await Promise.all([Setting.start("3.8.4", 1), Setting.start("3.9.3", 3)]);
    const writers = [];
    for (const { ensemble } of [troubled, well]) {
      const writer = await DubboWriter.connect(ensemble.address);
      await writer.register(provider("com.acme.FirstFacade", "10.33.0.0"));
      writers.push(writer);
    }
    await writers[0]!.close();
    const tributary = await Tributary.start({
      registries: [troubled.dubbo, well.dubbo],
      istiod: await freeIstiodPorts(),
    });
    const neighbours = new Neighbours(troubled, well, tributary, writers[1]!);
    for (const { id } of [troubled, well]) {
      await neighbours.#observer.view.until("what is registered", (view) => view.has(id, "10.33.0.0"), 30_000);
    }
    return neighbours;
  }

  /**
   * Changes the registry that is well, again and again, until this long has passed.
   * @returns how long each change that ZooKeeper had took to be seen, ms, sorted
   */
  async timeChanges(ms: number): Promise<number[]> {
    const end = performance.now() + ms;
    const seen: Promise<number>[] = [];
    while (performance.now() < end) {
      seen.push(this.#timeChange());
      await sleep(pause);
    }
    return (await Promise.all(seen)).sort((a, b) => a - b);
  }

  /** Providers come and go in the troubled registry, a thousand changes a second, until the process is ended. */
  flood(): Child {
    const program = fileURLToPath(new URL("flood.ts", import.meta.url));
    return new Child({ name: "flood", command: process.execPath, args: [program, this.troubled.ensemble.address] });
  }

  /** Removals since the last call, but for those of a flood. */
  takeRemovals(): Removal[] {
    return this.#observer.view.removals.splice(0).filter(({ endpoint }) => !endpoint.startsWith(flooded));
  }

  async stop(): Promise<void> {
    this.#observer.stop();
    await this.#tributary.stop();
    await this.#writer.close();
    await Promise.all([this.troubled.stop(), this.#well.stop()]);
  }

  async #timeChange(): Promise<number> {
    this.#changes += 1;
    const address = `10.33.${this.#changes >> 8}.${this.#changes & 255}`;
    const seen = this.#observer.view.until(address, (view) => view.has(this.#well.id, address), 10_000).then(() => performance.now());
    await this.#writer.register(provider(`com.acme.Steady${this.#changes % interfaces}Facade`, address));
    // From here on ZooKeeper has it; what it took to get there is the writer's and the disk's affair.
    const written = performance.now();
    return Math.max(0, (await seen) - written);
  }
}

/** One that outlives its writer's session. */
function provider(name: string, host: string) {
  return { interface: name, host, port: 20880, parameters: { dynamic: "false" } };
}
