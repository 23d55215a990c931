/** Several ZooKeeper servers on loopback that are one: an ensemble. */
import { installZooKeeper, type ZooKeeperVersion } from "../install/zookeeper.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";
import { ZooKeeper } from "./zookeeper.ts";

/** MiB; three of them must be small. */
const heap = 128;

export class ZooKeeperEnsemble {
  readonly members: readonly ZooKeeper[];

  private constructor(members: readonly ZooKeeper[]) {
    this.members = members;
  }

  /** Three members, which is the least that can lose one; resolves when all serve. */
  static async start(version?: ZooKeeperVersion): Promise<ZooKeeperEnsemble> {
    // Once, before three ask for it at the same time.
    await installZooKeeper(version);
    const ports = await freePorts(6);
    const peers = [0, 2, 4].map((at) => [ports[at]!, ports[at + 1]!] as const);
    const members = await Promise.all([1, 2, 3].map((id) => ZooKeeper.prepare({ version, heap, member: { id, peers } })));
    const ensemble = new ZooKeeperEnsemble(members);
    await ensemble.restart(members);
    return ensemble;
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

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }
}
