/** A real application that registers itself in ZooKeeper, as a process of its own. */
import { Child } from "./child.ts";
import type { Framework, Level, Placement } from "./frameworks.ts";

export class Application {
  readonly name: string;
  readonly placement: Placement;
  readonly #start: () => Child;
  #child: Child;

  private constructor(name: string, placement: Placement, start: () => Child) {
    this.name = name;
    this.placement = placement;
    this.#start = start;
    this.#child = start();
  }

  /** Installs the framework if need be, and starts the process. It is up when its address is registered. */
  static async start(framework: Framework, placement: Placement, level: Level = "all"): Promise<Application> {
    const installed = await framework.install();
    const { command, args, env } = framework.command(installed, placement, level);
    return new Application(`${framework.name}, ${level}`, placement, () => new Child({ name: placement.application, command, args, env }));
  }

  /** What it said if it ended by itself; undefined while it runs. */
  ended(): string | undefined {
    return this.#child.alive ? undefined : `${this.name} ended: ${this.#child.output().slice(-2_000)}`;
  }

  /** kill -9: what it registered stays until its session expires. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** Ends it as Kubernetes does: it takes its registration back, as far as its framework knows how to. */
  async stop(): Promise<void> {
    await this.#child.stop(20_000);
  }

  /** The same application at the same address, in a new process. */
  restart(): void {
    this.#child = this.#start();
  }
}
