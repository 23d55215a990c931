import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";

/** Below the range that systems hand out to connections and to `listen(0)`, so that a port stays free until it is used. */
const lowest = 20_000;
const highest = 31_999;

/** Finds `count` different loopback ports that nobody listens on. */
export async function freePorts(count: number): Promise<number[]> {
  const taken: Server[] = [];
  while (taken.length < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    const server = createServer().listen(port, "127.0.0.1");
    const listening = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (listening) taken.push(server);
  }
  const ports = taken.map((server) => (server.address() as { port: number }).port);
  await Promise.all(taken.map((server) => once(server.close(), "close")));
  return ports;
}

/** The first of `count` neighbouring loopback ports that nobody listens on. */
export async function freePortsInARow(count: number): Promise<number> {
  for (;;) {
    const [first] = await freePorts(1);
    const row = Array.from({ length: count }, (_, index) => first! + index);
    const taken = await Promise.all(row.map(accepts));
    if (!taken.includes(true)) return first!;
  }
}

/** True if something accepts connections on this loopback port. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.setTimeout(1_000, () => socket.destroy(new Error("no answer")));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
