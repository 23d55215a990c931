import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type PendingRequest, PendingRequests } from "../../../../src/registries/zookeeper/connection/pending-requests.ts";

suite("requests on their way", () => {
  const request = (path: string, told: string[] = []): PendingRequest => ({
    path,
    answered: () => {},
    absent: () => {},
    failed: ({ message }) => void told.push(`${path}: ${message}`),
  });

  test("are numbered from 1 again when the protocol's numbers are used up", () => {
    const pending = new PendingRequests(0x7fff_fffe);
    assert.deepEqual(
      ["/a", "/b", "/c"].map((path) => pending.add(request(path))),
      [0x7fff_ffff, 1, 2],
    );
  });

  test("know the oldest, until it is answered", () => {
    const pending = new PendingRequests();
    const [first] = ["/a", "/b"].map((path) => pending.add(request(path)));
    assert.equal(pending.oldest?.path, "/a");
    pending.delete(first as number);
    assert.equal(pending.oldest?.path, "/b");
  });

  test("fail together, each once", () => {
    const pending = new PendingRequests();
    const told: string[] = [];
    for (const path of ["/a", "/b"]) pending.add(request(path, told));
    pending.failAll(new Error("over"));
    pending.failAll(new Error("again"));
    assert.deepEqual(told, ["/a: over", "/b: over"]);
    assert.equal(pending.oldest, undefined);
  });
});
