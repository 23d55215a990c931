import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { encodeEntries } from "../../src/last-known-good/journal-entries.ts";
import type { JournalEntry } from "../../src/last-known-good/journal-entry.ts";
import { frameHeaderLength, sealFrame } from "../../src/last-known-good/journal-frames.ts";
import { encodeHeader } from "../../src/last-known-good/journal-header.ts";
import { contentsOf, KeptModel, keptItem, owner, read, stateRead } from "./kept-model.ts";

const header = encodeHeader(owner);

const change = fc.record({
  id: fc.constantFrom("service/||a|", "service/||ü中|", "fact///address/10.0.0.1", "resource/Sidecar/x/y"),
  to: fc.option(
    fc.record({
      text: fc.oneof(fc.string(), fc.string({ unit: "grapheme" }), fc.constant("中".repeat(500))),
      ports: fc.constantFrom("", '[{"number":20880,"protocol":"dubbo"}]'),
      emptySince: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
    }),
  ),
  expires: fc.boolean(),
  complete: fc.boolean(),
});

/** A journal of such groups of changes, and every state it ever stood for, from the first on. */
function written(groups: readonly (readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[])[]) {
  const model = new KeptModel();
  const states = [model.state()];
  const frames: Buffer[] = [header];
  for (const group of groups) {
    const touched = new Set<string>();
    for (const { id, to, expires, complete } of group) {
      touched.add(id);
      model.expired.delete(id);
      model.items.delete(id);
      if (to !== null) model.items.set(id, keptItem(to.text, to));
      else if (expires) model.expired.add(id);
      model.complete ||= complete;
    }
    const entries: JournalEntry[] = [...touched].map((id) => model.entry(id));
    if (model.complete) entries.push({ what: "complete" });
    frames.push(encodeEntries(entries));
    states.push(model.state());
  }
  return { file: Buffer.concat(frames), states, ends: frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length) };
}

const groups = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { maxLength: 6 });

test("what was written is read", () => {
  fc.assert(
    fc.property(groups, (of) => {
      const { file, states } = written(of);
      assert.deepEqual(stateRead(contentsOf(file)), states.at(-1));
    }),
  );
});

test("cut at any byte, it is the state of the last frame that is whole, and says what to cut off", () => {
  fc.assert(
    fc.property(groups, fc.nat(), (of, cut) => {
      const { file, states, ends } = written(of);
      const length = cut % (file.length + 1);
      const reading = read(file.subarray(0, length));
      assert.equal(reading.is, "read");
      if (reading.is !== "read") return;
      const whole = ends.filter((end) => end <= length).length;
      assert.deepEqual(stateRead(reading.contents), states[Math.max(0, whole - 1)]);
      assert.equal(reading.good, whole === 0 ? 0 : ends[whole - 1]);
      assert.equal(reading.good + reading.torn, length);
    }),
  );
});

test("with any bit turned, it is unusable or a state that was true", () => {
  fc.assert(
    fc.property(groups, fc.nat(), fc.nat(7), (of, at, bit) => {
      const { file, states } = written(of);
      const damaged = Buffer.from(file);
      damaged[at % file.length] = (damaged[at % file.length] ?? 0) ^ (1 << bit);
      const reading = read(damaged);
      assert.notEqual(reading.is, "newer");
      if (reading.is === "read") assert.ok(states.some((state) => isEqual(state, stateRead(reading.contents))));
    }),
  );
});

test("random bytes are not understood, and nothing is thrown", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, behindHeader) => {
      const reading = read(Buffer.from(behindHeader ? [...header, ...bytes] : bytes));
      if (reading.is === "read") assert.equal(reading.contents.size, 0);
    }),
  );
});

test("damage in the middle is no torn end, not even in a length", () => {
  const frame = encodeEntries([{ what: "kept", id: "service/||a|", item: keptItem("{}") }]);
  for (const at of [0, 4, 8, frameHeaderLength]) {
    const damaged = Buffer.from(frame);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    const reading = read(Buffer.concat([header, damaged, frame]));
    assert.equal(reading.is, "unusable", `byte ${at}`);
    if (reading.is === "unusable") assert.match(reading.why, new RegExp(`damaged at byte ${header.length}`));
  }
});

test("blocks that a power failure left empty are a torn end", () => {
  const frame = encodeEntries([{ what: "kept", id: "service/||a|", item: keptItem("{}") }]);
  const half = Buffer.concat([frame.subarray(0, 20), Buffer.alloc(frame.length - 20)]);
  for (const rest of [Buffer.alloc(4096), Buffer.concat([half, Buffer.alloc(100)])]) {
    const reading = read(Buffer.concat([header, frame, rest]));
    assert.ok(reading.is === "read" && reading.torn === rest.length && reading.contents.size === 1);
  }
});

test("a frame of valid checksums that holds no entries makes the journal unusable", () => {
  for (const payload of [[9], [1, 255, 255, 255, 255], [1, 1, 0, 0, 0, 65]]) {
    const frame = sealFrame(Buffer.from([...Buffer.alloc(frameHeaderLength), ...payload]));
    assert.equal(read(Buffer.concat([header, frame])).is, "unusable");
  }
});

test("the first line tells people whose it is, and us whether it is ours", () => {
  assert.match(header.toString(), /^tributary-journal 1 zookeeper zk [0-9a-f]{8}\n$/);
  const why = (bytes: Buffer | string) => {
    const reading = read(Buffer.from(bytes));
    return reading.is === "unusable" ? reading.why : reading.is;
  };
  assert.equal(why(encodeHeader({ registry: "other", kind: "zookeeper" })), "it belongs to registry other of type zookeeper");
  assert.equal(why(encodeHeader({ registry: "zk", kind: "file" })), "it belongs to registry zk of type file");
  assert.equal(why("services:\n- name: orders\n"), "it is no journal of Tributary");
  assert.equal(why(header.toString().replace("zk", "zq")), "its first line is damaged");
  assert.equal(why(""), "read");
});

test("a newer version is recognised whatever follows", () => {
  const line = "tributary-journal 2 anything else entirely ";
  const sum = crc32(Buffer.from(line)).toString(16).padStart(8, "0");
  assert.deepEqual(read(Buffer.from(`${line}${sum}\nand then?`)), { is: "newer", version: 2 });
});

test("empty services come last, the one that is so for longest first", () => {
  const entries: JournalEntry[] = [9, undefined, 5, 7].map((emptySince, at) => ({
    what: "kept",
    id: `service/||${at}|`,
    item: keptItem("{}", { emptySince }),
  }));
  const ids = [...contentsOf(Buffer.concat([header, encodeEntries(entries)])).items()].map(([id]) => id);
  assert.deepEqual(ids, ["service/||1|", "service/||2|", "service/||3|", "service/||0|"]);
});

function isEqual(one: unknown, other: unknown): boolean {
  try {
    assert.deepEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
