/** ZooKeeper servers on loopback that are one service: three of them, or one alone. */
import { installZooKeeper, type ZooKeeperVersion } from "../install/zookeeper.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";
import { ZooKeeper } from "./zookeeper.ts";

export interface EnsembleOptions {
  /** Three is the least that can lose one. */
  readonly size: 1 | 3;
  /** Default: 3.9.3. */
  readonly version?: ZooKeeperVersion;
}

/** MiB; four of them run beside everything else. */
const heap = 128;

export class ZooKeeperEnsemble {
  readonly members: readonly ZooKeeper[];

  private constructor(members: readonly ZooKeeper[]) {
    this.members = members;
  }

  /** Resolves when all members serve. */
  static async start({ size, version }: EnsembleOptions): Promise<ZooKeeperEnsemble> {
    // Once, before several ask for it at the same time.
    await installZooKeeper(version);
    const ports = await freePorts(2 * size);
    const peers = Array.from({ length: size }, (_, at) => [ports[2 * at]!, ports[2 * at + 1]!] as const);
    const membership = (at: number) => (size > 1 ? { id: at + 1, peers } : undefined);
    const members = await Promise.all(peers.map((_, at) => ZooKeeper.prepare({ version, heap, member: membership(at) })));
    const ensemble = new ZooKeeperEnsemble(members);
    await ensemble.restart(members);
    return ensemble;
  }

  /** What clients connect to: `host:port,host:port`. */
  get address(): string {
    return this.members.map(({ address }) => address).join();
  }

  /** Starts these again, at the same time, and waits until all members serve. */
  async restart(members: readonly ZooKeeper[]): Promise<void> {
    await Promise.all(members.map((member) => member.launch()));
    await Promise.all(this.members.map((member) => member.serving()));
  }

  /** The member that leads, as soon as there is one. */
  leader(): Promise<ZooKeeper> {
    return eventually("a leader", async () => {
      const roles = await Promise.all(this.members.map((member) => member.role().catch(() => undefined)));
      return this.members[roles.indexOf("leader")];
    });
  }

  /** kill -9 of all members. */
  async kill(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}
