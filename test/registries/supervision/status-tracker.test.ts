import assert from "node:assert/strict";
import { test } from "node:test";
import type { RegistryStatus } from "../../../src/registries/feed.ts";
import { StatusTracker } from "../../../src/registries/supervision/status-tracker.ts";

/** A tracker with a clock that moves one ms per look at it. */
function tracked() {
  let clock = 1_000;
  const published: RegistryStatus[] = [];
  const tracker = new StatusTracker(
    (status) => published.push(status),
    () => clock++,
  );
  const commit = (losses = 0, suspicions = 0) => tracker.committed({ gone: [], kept: [], seenAt: clock, losses, suspicions });
  return { tracker, published, commit };
}

test("it starts, lists, and is live and synced", () => {
  const { tracker, commit } = tracked();
  assert.equal(tracker.status.phase, "starting");
  assert.equal(tracker.status.synced, false);
  commit();
  assert.equal(tracker.status.phase, "live");
  assert.equal(tracker.status.synced, true);
  assert.equal(tracker.status.epoch, 0);
});

test("a loss before the first listing is no new epoch unless there was contact", () => {
  const { tracker } = tracked();
  tracker.unreachable("refused", 1);
  assert.deepEqual([tracker.status.phase, tracker.status.reason, tracker.status.epoch], ["starting", "refused", 0]);
  tracker.contact(5);
  tracker.unreachable("refused again", 2);
  assert.equal(tracker.status.epoch, 1);
});

test("a repeated loss keeps the first since and tells the newest reason", () => {
  const { tracker, commit } = tracked();
  commit();
  tracker.unreachable("refused", 1);
  const { since, epoch } = tracker.status;
  tracker.unreachable("no route", 2);
  assert.deepEqual([tracker.status.since, tracker.status.epoch, tracker.status.reason], [since, epoch, "no route"]);
});

test("a commit from before a loss does not heal it, a later one does", () => {
  const { tracker, commit } = tracked();
  commit();
  tracker.unreachable("refused", 1);
  commit(0);
  assert.equal(tracker.status.phase, "stale");
  commit(1);
  assert.equal(tracker.status.phase, "live");
  assert.equal(tracker.status.reason, undefined);
});

test("a suspicion lasts until a listing that began after it", () => {
  const { tracker, commit } = tracked();
  commit();
  tracker.suspicious("everything is gone", 1);
  commit(0, 0);
  assert.equal(tracker.status.suspicion, "everything is gone");
  commit(0, 1);
  assert.equal(tracker.status.suspicion, undefined);
});

test("a lost worker is always a new epoch, and its counts begin anew", () => {
  const { tracker, commit } = tracked();
  commit();
  tracker.unreachable("refused", 4);
  tracker.workerLost("crashed", 1, 9_000);
  assert.deepEqual([tracker.status.phase, tracker.status.epoch, tracker.status.restarts], ["stale", 2, 1]);
  assert.deepEqual([tracker.status.retryAt, tracker.status.lastEnd?.reason], [9_000, "crashed"]);
  tracker.workerStarted();
  commit(0);
  assert.deepEqual([tracker.status.phase, tracker.status.retryAt, tracker.status.lastEnd?.reason], ["live", undefined, "crashed"]);
});

test("a failed listing is the reason only while it is not live", () => {
  const { tracker, commit } = tracked();
  tracker.abandoned("a file is broken");
  assert.match(tracker.status.reason ?? "", /a file is broken/);
  commit();
  tracker.abandoned("a file is broken");
  assert.equal(tracker.status.reason, undefined);
});

test("a first listing that is applied after contact was lost again is a complete view, and stale", () => {
  const { tracker, commit } = tracked();
  tracker.contact(5);
  tracker.unreachable("gone again", 1);
  assert.equal(tracker.status.phase, "starting");
  commit(0);
  const { phase, synced, reason, epoch } = tracker.status;
  assert.deepEqual([phase, synced, reason, epoch], ["stale", true, "gone again", 1]);
});

test("what an earlier process kept makes it stale, not synced, until its first listing", () => {
  const { tracker, commit } = tracked();
  tracker.restored({ reason: "kept", from: { asOf: 3 } });
  const { phase, synced, restored, reason } = tracker.status;
  assert.deepEqual([phase, synced, restored, reason], ["stale", false, true, "kept"]);
  tracker.unreachable("refused", 1);
  assert.deepEqual([tracker.status.phase, tracker.status.restored, tracker.status.reason], ["stale", true, "refused"]);
  commit(1);
  assert.deepEqual([tracker.status.phase, tracker.status.synced, tracker.status.restored], ["live", true, undefined]);
  tracker.restored({ reason: "too late", from: {} });
  assert.equal(tracker.status.phase, "live");
});
