/**
 * Clients that speak HTTP/2 against its spirit. Most of it is held off by nghttp2, in Node; here it is shown
 * that it is, with what gRPC and we put on top: the connection goes or costs nothing, and others are served.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { flags, frame, grpcMessage, headerBlock, hello, RawClient, rpcHeaders } from "../../support/http2-frames.ts";
import { residentMemory } from "../../support/memory.ts";
import { XdsProbe } from "../../support/xds-probe.ts";
import { startXds, type XdsRig } from "../../support/xds-rig.ts";

const typeUrl = "networking.istio.io/v1/ServiceEntry";
const method = "StreamAggregatedResources";
const maxGrowth = 96 * 1024 * 1024;
/** 60 MB of zeros in less than a stream's first window. */
const bomb = gzipSync(Buffer.alloc(60_000_000));

/** How many, and what each of them is; `before` comes once. */
interface Attack {
  readonly name: string;
  readonly count: number;
  readonly each: (index: number) => Buffer;
  readonly before?: Buffer;
  /** The client does not read what it is answered. */
  readonly deaf?: boolean;
  /** The connection is ended by us. */
  readonly ends: boolean;
}

const streamOf = (index: number) => index * 2 + 1;
const open = (stream: number, more: [string, string][] = []) => frame("headers", stream, rpcHeaders(method, more), flags.endHeaders);
const cancel = Buffer.from([0, 0, 0, 8]);

const attacks: Attack[] = [
  { name: "pings", count: 200_000, each: () => frame("ping", 0, Buffer.alloc(8)), ends: true },
  { name: "pings whose answers are not read", count: 200_000, each: () => frame("ping", 0, Buffer.alloc(8)), deaf: true, ends: true },
  { name: "settings", count: 200_000, each: () => frame("settings", 0), ends: true },
  { name: "settings whose answers are not read", count: 200_000, each: () => frame("settings", 0), deaf: true, ends: true },
  {
    name: "streams that are reset at once",
    count: 50_000,
    each: (index) => Buffer.concat([open(streamOf(index)), frame("reset", streamOf(index), cancel)]),
    ends: true,
  },
  { name: "streams beyond the limit", count: 50_000, each: (index) => open(streamOf(index)), ends: true },
  {
    name: "headers that are continued without end",
    count: 50_000,
    before: frame("headers", 1, rpcHeaders(method)),
    each: () => frame("continuation", 1, headerBlock([["x-more", "y".repeat(200)]])),
    ends: true,
  },
  {
    name: "headers larger than a frame may be",
    count: 1,
    each: () => open(1, [["x-large", "y".repeat(200_000)]]),
    ends: true,
  },
  { name: "frames without data", count: 200_000, before: open(1), each: () => frame("data", 1), ends: true },
  { name: "frames of unknown types", count: 200_000, each: () => Buffer.from([0, 0, 0, 0xfa, 0, 0, 0, 0, 0]), ends: true },
  { name: "window updates", count: 200_000, each: () => frame("windowUpdate", 0, Buffer.from([0, 0, 0, 1])), ends: false },
  {
    name: "messages that are announced and never come",
    count: 200,
    each: (index) => Buffer.concat([open(streamOf(index)), frame("data", streamOf(index), Buffer.from([0, 0, 0xff, 0xff, 0xff]))]),
    ends: false,
  },
];

/** Sends it all in portions, as long as the connection lasts. */
async function run({ count, each, before, deaf }: Attack, client: RawClient): Promise<void> {
  if (deaf) client.socket.pause();
  await client.send(before ? Buffer.concat([hello, before]) : hello);
  for (let index = 0; index < count && !client.socket.destroyed; ) {
    const portion: Buffer[] = [];
    for (const end = Math.min(count, index + 500); index < end; index += 1) portion.push(each(index));
    await client.send(Buffer.concat(portion));
    await new Promise(setImmediate);
  }
}

/** Another client's first answer. Whoever is refused because all places are taken just now asks again, as istiod does. */
async function answered(rig: XdsRig): Promise<void> {
  for (;;) {
    using client = new XdsProbe(rig.target);
    client.send({ typeUrl });
    const refused = client.end().then(({ code }) => code === "RESOURCE_EXHAUSTED");
    const isRefused = await Promise.race([client.response(0).then(() => false), refused]);
    if (!isRefused) return;
  }
}

/** The longest that another client waited for its first answer while this lasted, in ms. */
async function slowestMeanwhile(rig: XdsRig, lasting: Promise<void>): Promise<number> {
  let over = false;
  const ended = lasting.then(() => {
    over = true;
  });
  let slowest = 0;
  do {
    const start = performance.now();
    await answered(rig);
    slowest = Math.max(slowest, performance.now() - start);
  } while (!over);
  await ended;
  return slowest;
}

for (const attack of attacks) {
  test(`${attack.name}: ${attack.ends ? "the connection is ended" : "no harm is done"}, and others are served meanwhile`, async () => {
    await using rig = await startXds();
    using client = new RawClient(rig.port);
    const before = residentMemory();
    const slowest = await slowestMeanwhile(rig, run(attack, client));
    if (attack.ends) await client.closed;
    const grown = residentMemory() - before;
    assert.ok(grown < maxGrowth, `${grown} bytes more`);
    assert.ok(slowest < 1000, `another client waited ${slowest} ms`);
  });
}

test("a message that unpacks to much more than is allowed is refused, and not unpacked", async () => {
  await using rig = await startXds();
  using client = new RawClient(rig.port);
  const message = grpcMessage(bomb, true);
  const before = residentMemory();
  await client.send(Buffer.concat([hello, open(1, [["grpc-encoding", "gzip"]])]));
  const frames: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_000) frames.push(frame("data", 1, message.subarray(at, at + 16_000)));
  await client.send(Buffer.concat(frames));
  await rig.observer.until(() => rig.observer.closed.length > 0);
  const grown = residentMemory() - before;
  assert.ok(grown < 30_000_000, `${grown} bytes more`);
  assert.equal(rig.observer.requests, 0);
});
