/** From the start of the process to the first connection its xDS port accepts, with the embedded example. */
import { connect } from "node:net";
import path from "node:path";
import { repository } from "../e2e/install/cache.ts";
import type { Bench } from "./figure.ts";
import { sharedNow } from "./measuring/clock.ts";
import { median } from "./measuring/quantile.ts";
import { ServerProcess } from "./program/server-process.ts";

/** A container's, and a checkout's. */
const programs = { bundle: "listen: process start → listening", source: "listen: process start → listening, from source" };

export const listen: Bench = {
  name: "listen",
  targets: { [programs.bundle]: { atMost: 250 }, [programs.source]: { atMost: 400 } },
  async run({ runs, say }) {
    return [
      { name: programs.bundle, value: await medianOf(runs, false, say), unit: "ms" },
      { name: programs.source, value: await medianOf(runs, true, say), unit: "ms" },
    ];
  },
};

async function medianOf(runs: number, source: boolean, say: (line: string) => void): Promise<number> {
  const registries = [{ id: "example", type: "file", path: path.join(repository, "examples/services.yaml") }];
  const times: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const server = await ServerProcess.start({ registries, source });
    try {
      await accepting(server);
      times.push(sharedNow() - server.startedAt);
    } finally {
      await server.stop();
    }
    say(`${source ? "source" : "bundle"}, run ${run}: ${times.at(-1)!.toFixed(0)} ms`);
  }
  return median(times);
}

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
