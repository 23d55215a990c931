import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { askPorts } from "../../src/read-back/ask-ports.ts";
import type { Outcome } from "../../src/read-back/findings.ts";
import type { DumpLimits } from "../../src/read-back/read-dump.ts";
import { type ConfigzAnswer, configz, configzObject, fakeConfigz } from "../support/fake-configz.ts";

const version = "a".repeat(24);
const limits: DumpLimits = { bytes: 10_000_000, objectBytes: 100_000, silenceMs: 5_000, totalMs: 10_000 };
const expected = new Map([["networking.istio.io/ServiceEntry", new Map([["t/a", version]])]] as const);

function ask(ports: readonly number[], changes: Partial<DumpLimits> = {}): Promise<Outcome> {
  return askPorts({ ports, limits: { ...limits, ...changes }, maxDifferences: 100 }, expected);
}

async function failureOf(t: TestContext, answer: ConfigzAnswer, changes: Partial<DumpLimits> = {}): Promise<string> {
  const { port } = await fakeConfigz(t, answer);
  const outcome = await ask([port], changes);
  return "failure" in outcome ? outcome.failure : "none";
}

/** A port where nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the dump of the first port that gives one is compared", async (t) => {
  const bad = await fakeConfigz(t, (_request, response) => response.writeHead(404).end("404 page not found"));
  const good = await fakeConfigz(t, configz(configzObject("t/a", version), configzObject("x/y", "5", { kind: "Gateway" })));
  const spare = await fakeConfigz(t, configz());
  const outcome = await ask([await closedPort(), bad.port, good.port, spare.port]);
  assert.ok("counts" in outcome);
  assert.deepEqual(outcome.counts, [{ type: "networking.istio.io/ServiceEntry", state: "accepted", count: 1 }]);
  assert.deepEqual([outcome.port, outcome.objects, outcome.bytes > 300], [good.port, 2, true]);
  assert.deepEqual([bad.requests(), spare.requests()], [["GET /debug/configz"], []]);
});

test("nobody at any port", async () => {
  const outcome = await ask([await closedPort(), await closedPort()]);
  assert.ok("failure" in outcome);
  assert.equal(outcome.failure, "no-answer");
});

test("a port that answers somehow tells more than one where nobody listens", async (t) => {
  const { port } = await fakeConfigz(t, (_request, response) => response.writeHead(401).end());
  const outcome = await ask([await closedPort(), port]);
  assert.ok("failure" in outcome);
  assert.equal(outcome.failure, "status");
  assert.match(outcome.detail, /nobody listens.*status 401/);
});

test("a redirection is not followed", async (t) => {
  assert.equal(await failureOf(t, (_request, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end()), "status");
});

test("something else than a dump", async (t) => {
  assert.equal(await failureOf(t, (_request, response) => response.end("<html>hello</html>")), "content");
  assert.equal(await failureOf(t, (_request, response) => response.end('[{"a":}]')), "content");
  assert.equal(await failureOf(t, (_request, response) => response.end(Buffer.from([0xff, 0xfe, 0x00]))), "content");
  assert.equal(await failureOf(t, (request) => request.socket.end("SSH-2.0-x\r\n")), "content");
});

test("a dump that ends in the middle, whether or not the connection says so", async (t) => {
  const half = `[${JSON.stringify(configzObject("t/a", version))},{"kind":`;
  assert.equal(await failureOf(t, (_request, response) => response.end(half)), "cut-off");
  const broken: ConfigzAnswer = (_request, response) => {
    response.writeHead(200, { "content-length": "100000" });
    response.write(half, () => response.destroy());
  };
  assert.equal(await failureOf(t, broken), "cut-off");
});

test("a silent server, before and within its answer", async (t) => {
  assert.equal(await failureOf(t, () => {}, { silenceMs: 50 }), "timeout");
  assert.equal(await failureOf(t, (_request, response) => void response.write("[{"), { silenceMs: 50 }), "timeout");
});

test("a server that drips is given up at the limit for the whole", async (t) => {
  const drip: ConfigzAnswer = (_request, response) => {
    const timer = setInterval(() => response.write(" "), 10);
    response.on("close", () => clearInterval(timer));
  };
  assert.equal(await failureOf(t, drip, { totalMs: 100 }), "timeout");
});

test("a dump without end, and an object without end", async (t) => {
  const endless =
    (text: string): ConfigzAnswer =>
    (_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(text)) {}
      };
      response.on("drain", more);
      response.write("[");
      more();
    };
  assert.equal(
    await failureOf(t, endless(`${JSON.stringify(configzObject("t/a", version))},`.repeat(50)), { bytes: 500_000 }),
    "too-large",
  );
  assert.equal(await failureOf(t, endless(`{"a":${"[".repeat(1_000)}`)), "too-large");
});

test("what a failing port told is forgotten", async (t) => {
  const half = await fakeConfigz(t, (_request, response) => response.end(`[${JSON.stringify(configzObject("t/a", version))},`));
  const empty = await fakeConfigz(t, configz());
  const outcome = await ask([half.port, empty.port]);
  assert.ok("counts" in outcome);
  assert.deepEqual(
    outcome.differences.map(({ name, state }) => `${name} ${state}`),
    ["t/a missing"],
  );
});
