import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { suite, type TestContext, test } from "node:test";
import { TcpProxy } from "./tcp-proxy.ts";

/** A proxy, and both ends of a connection through it. */
async function connected(context: TestContext) {
  const server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const proxy = await TcpProxy.start((server.address() as AddressInfo).port);
  const open = async (): Promise<{ client: Socket; peer: Socket }> => {
    const peer = once(server, "connection") as Promise<[Socket]>;
    const client = connect(proxy.port, "127.0.0.1");
    client.on("error", () => {});
    return { client, peer: (await peer)[0] };
  };
  context.after(async () => {
    await proxy.close();
    server.close();
  });
  return { proxy, open, ...(await open()) };
}

/** Everything read until so many bytes are there. */
async function read(socket: Socket, bytes: number): Promise<string> {
  let text = "";
  while (text.length < bytes) text += String((await once(socket, "data"))[0]);
  return text;
}

suite("a TCP proxy", { concurrency: true }, () => {
  test("lets nothing through a black hole, and all of it afterwards", async (context) => {
    const { proxy, open, client, peer } = await connected(context);
    await proxy.set("black-hole");
    const during = await open();
    let heard = "";
    for (const [name, socket] of Object.entries({ client, peer, during: during.peer })) socket.on("data", () => (heard += name));
    client.write("to the server");
    peer.write("to the client");
    during.client.write("hello");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(heard, "");
    const arrived = Promise.all([read(peer, 13), read(client, 13), read(during.peer, 5)]);
    await proxy.set("pass");
    assert.deepEqual(await arrived, ["to the server", "to the client", "hello"]);
    assert.deepEqual([proxy.accepted, proxy.open], [2, 2]);
  });

  test("keeps the order when a delay ends", async (context) => {
    const { proxy, client, peer } = await connected(context);
    const arrived = read(client, 11);
    proxy.delayMs = 50;
    peer.write("first ");
    await new Promise((resolve) => setTimeout(resolve, 20));
    proxy.delayMs = 0;
    peer.write("later");
    assert.equal(await arrived, "first later");
  });

  test("cuts after a number of bytes, once", async (context) => {
    const { proxy, open, client, peer } = await connected(context);
    proxy.cutAfter = 4;
    const arrived = read(client, 4);
    const closed = once(client, "close");
    peer.write("first and more");
    assert.equal(await arrived, "firs");
    await closed;
    const next = await open();
    const whole = read(next.client, 14);
    next.peer.write("first and more");
    assert.equal(await whole, "first and more");
  });

  test("refuses, and takes connections at the same port again", async (context) => {
    const { proxy, open, client } = await connected(context);
    const closed = once(client, "close");
    await proxy.set("refuse");
    await closed;
    await assert.rejects(once(connect(proxy.port, "127.0.0.1"), "connect"), { code: "ECONNREFUSED" });
    await proxy.set("pass");
    const again = await open();
    const heard = read(again.peer, 5);
    again.client.write("hello");
    assert.equal(await heard, "hello");
  });
});
