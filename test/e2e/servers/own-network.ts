/**
 * A network of its own for a server that listens on fixed ports of every address, so that it is in nobody's way: a
 * namespace with one cable to ours. It needs Linux and root; elsewhere it is loopback, and one such server at a time.
 */
import { spawnSync } from "node:child_process";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";

export class OwnNetwork {
  /** Where the server is reached. */
  readonly address: string;
  readonly #holder: Child | undefined;

  private constructor(address: string, holder: Child | undefined) {
    this.address = address;
    this.#holder = holder;
  }

  static async start(): Promise<OwnNetwork> {
    if (spawnSync("unshare", ["--net", "ip", "link"], { stdio: "ignore" }).status !== 0) return new OwnNetwork("127.0.0.1", undefined);
    // A link-local network of two; one that is in use is taken by somebody else's test.
    const network = 1 + Math.floor(Math.random() * 254);
    const [ours, theirs] = [1, 2].map((host) => `169.254.${network}.${host}`);
    // The namespace lives as long as a process in it, and so does the cable.
    const holder = new Child({ name: "network", command: "unshare", args: ["--net", "sleep", "86400"] });
    const cable = `tributary${network}`;
    await eventually("a network of its own", () =>
      ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", String(holder.pid)),
    );
    ip("address", "add", `${ours}/30`, "dev", cable);
    ip("link", "set", cable, "up");
    const inside = ["--target", String(holder.pid), "--net", "ip"];
    for (const args of [
      ["link", "set", "lo", "up"],
      ["address", "add", `${theirs}/30`, "dev", "eth0"],
      ["link", "set", "eth0", "up"],
    ]) {
      spawnSync("nsenter", [...inside, ...args]);
    }
    return new OwnNetwork(theirs!, holder);
  }

  /** The command that runs another one in this network. */
  command(command: string, args: readonly string[]): { readonly command: string; readonly args: readonly string[] } {
    if (!this.#holder) return { command, args };
    return { command: "nsenter", args: ["--target", String(this.#holder.pid), "--net", command, ...args] };
  }

  async stop(): Promise<void> {
    await this.#holder?.kill();
  }
}

/** Whether it did. */
function ip(...args: readonly string[]): boolean {
  return spawnSync("ip", args, { stdio: "ignore" }).status === 0;
}
