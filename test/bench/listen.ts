/** From the start of the process to the first connection its xDS port accepts, with the embedded example. */
import { connect } from "node:net";
import path from "node:path";
import { repository } from "../e2e/install/cache.ts";
import type { Bench } from "./figure.ts";
import { sharedNow } from "./measuring/clock.ts";
import { median } from "./measuring/quantile.ts";
import { ServerProcess } from "./program/server-process.ts";

const figure = "listen: process start → listening";

export const listen: Bench = {
  name: "listen",
  targets: { [figure]: { atMost: 400 } },
  async run({ runs, say }) {
    const registries = [{ id: "example", type: "file", path: path.join(repository, "examples/services.yaml") }];
    const times: number[] = [];
    for (let run = 1; run <= runs; run += 1) {
      const server = await ServerProcess.start({ registries });
      try {
        await accepting(server);
        times.push(sharedNow() - server.startedAt);
      } finally {
        await server.stop();
      }
      say(`run ${run}: ${times.at(-1)!.toFixed(0)} ms`);
    }
    return [{ name: figure, value: median(times), unit: "ms" }];
  },
};

async function accepting(server: ServerProcess): Promise<void> {
  while (!(await tryOnce(server.xdsPort))) {
    if (!server.alive) throw new Error(`the server ended: ${server.output()}`);
    if (sharedNow() - server.startedAt > 10_000) throw new Error(`the server does not listen: ${server.output()}`);
  }
}

/** One attempt, and a little rest if nobody is there. */
function tryOnce(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => setTimeout(resolve, 5, false));
  });
}
