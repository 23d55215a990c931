import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { Access } from "../../src/access/access.ts";
import { Connections } from "../../src/access/connections.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { authority, certificate, tlsSettings } from "../support/certificates.ts";

async function listen(t: TestContext, server: Server, limit: number) {
  const crowded: Socket[] = [];
  const connections = new Connections(server, limit, (socket) => crowded.push(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    connections.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  /** A connection that the server has taken in, and how its client is called. */
  const dial = async () => {
    const accepted = once(server, "connection");
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    await accepted;
    return { socket, peer: `127.0.0.1:${socket.localPort}`, closed: new Promise((resolve) => socket.once("close", resolve)) };
  };
  return { connections, crowded, port, dial };
}

test("when there are too many, the oldest that is not in use makes place", async (t) => {
  const { connections, crowded, dial } = await listen(t, createServer(), 3);
  const used = await dial();
  connections.use(used.peer);
  const silent = [await dial(), await dial(), await dial(), await dial()] as const;
  await Promise.all([silent[0].closed, silent[1].closed]);
  assert.equal(connections.size, 3);
  assert.equal(crowded.length, 2);
  assert.equal(used.socket.destroyed, false);
});

test("with all in use, the new one is closed", async (t) => {
  const { connections, dial } = await listen(t, createServer(), 2);
  const used = [await dial(), await dial()];
  for (const { peer } of used) connections.use(peer);
  await (await dial()).closed;
  assert.deepEqual(
    used.map(({ socket }) => socket.destroyed),
    [false, false],
  );
});

test("a connection that was released as often as it was used may make place again", async (t) => {
  const { connections, dial } = await listen(t, createServer(), 1);
  const first = await dial();
  connections.use(first.peer);
  connections.use(first.peer);
  connections.release(first.peer);
  await (await dial()).closed;
  connections.release(first.peer);
  await dial();
  await first.closed;
  assert.equal(connections.size, 1);
});

test("TLS connections are counted from the first byte to the last, and known by the same name", async (t) => {
  const access = new Access({ server: "xds", address: "127.0.0.1", tls: tlsSettings, protocols: ["h2"], log: silentLogger });
  t.after(() => access.close());
  const admitted: Socket[] = [];
  const { connections, port, dial } = await listen(
    t,
    access.createServer((socket) => admitted.push(socket)),
    2,
  );
  const client = tlsConnect({ host: "127.0.0.1", port, ca: authority, ...certificate("client"), ALPNProtocols: ["h2"] });
  await once(client, "secureConnect");
  while (admitted.length === 0) await new Promise(setImmediate);
  connections.use(`${admitted[0]!.remoteAddress}:${admitted[0]!.remotePort}`);
  const handshakes = [await dial(), await dial()] as const;
  await handshakes[0].closed;
  assert.equal(connections.size, 2);
  client.destroy();
  handshakes[1].socket.destroy();
  while (connections.size > 0) await new Promise(setImmediate);
  assert.equal(admitted[0]!.destroyed, true);
});
