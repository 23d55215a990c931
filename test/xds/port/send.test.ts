import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { bufferedSender, http2StreamOf, type Sender, senderFor } from "../../../src/xds/port/send.ts";
import { FakeIstiod } from "../../support/fake-istiod.ts";
import { XdsProbe } from "../../support/xds-probe.ts";
import { serviceEntry, startXds } from "../../support/xds-rig.ts";

type Call = ServerDuplexStream<Buffer, Buffer>;
const typeUrl = "networking.istio.io/v1/ServiceEntry";

test("the installed grpc-js still lets messages be sent without copies", async () => {
  const senders: Sender[] = [];
  await using rig = await startXds({
    sender: (call) => {
      const sender = senderFor(call);
      senders.push(sender);
      return sender;
    },
  });
  using client = new XdsProbe(rig.target);
  client.send({ typeUrl });
  await client.response(0);
  assert.equal(senders[0]?.way, "piecewise", "grpc-js keeps its stream elsewhere now: full pushes cost two copies; see src/xds/send.ts");
});

test("a grpc-js that looks different is served through its public interface", () => {
  const foreign = [
    {},
    { call: null },
    { call: { stream: {} } },
    { call: { sendMessage() {}, sendMetadata() {}, serializeMessage() {}, stream: {} } },
  ];
  for (const call of foreign) {
    assert.equal(http2StreamOf(call as unknown as Call), undefined);
    assert.equal(senderFor(call as unknown as Call).way, "buffered");
  }
});

for (const [way, sender] of [
  ["piecewise", senderFor],
  ["buffered", bufferedSender],
] as const) {
  test(`${way}: many large pushes arrive whole and in order`, async () => {
    await using rig = await startXds({ sender, settings: { pacing: { perMegabyte: 0, ackWarning: 60_000, ackTimeout: 300_000 } } });
    const entries = Array.from({ length: 300 }, (_, index) => serviceEntry(`s${index}`, 1, 50));
    rig.store.publish({ upserts: entries });
    const istiod = new FakeIstiod({ target: rig.target }).start();
    try {
      await istiod.waitFor((fake) => fake.hasSynced);
      for (let revision = 2; revision < 8; revision += 1) {
        const changed = serviceEntry(`s${revision}`, revision, 50);
        rig.store.publish({ upserts: [changed] });
        await istiod.waitFor((fake) => fake.store("ServiceEntry").get(changed.name)?.version === changed.version);
      }
      for (const { name, version, body } of rig.store.current().table("networking.istio.io/ServiceEntry").entries()) {
        const held = istiod.store("ServiceEntry").get(name);
        assert.equal(held?.version, version);
        assert.ok(Buffer.from(held.body).equals(body));
      }
      assert.deepEqual([istiod.counts.invalid, istiod.counts.deleted, istiod.counts.updated], [0, 0, 6]);
    } finally {
      istiod.stop();
    }
  });
}
