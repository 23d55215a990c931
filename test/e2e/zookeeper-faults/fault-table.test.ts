import assert from "node:assert/strict";
import { test } from "node:test";
import { atMost, FaultTable } from "./fault-table.ts";

test("a figure is told as the bound that it keeps", () => {
  assert.deepEqual([0, 20, 21, 100, 999, 2_001, 60_001].map(atMost), [
    "≤ 0.02 s",
    "≤ 0.02 s",
    "≤ 0.05 s",
    "≤ 0.1 s",
    "≤ 1 s",
    "≤ 3 s",
    "> 60 s",
  ]);
});

test("a fault is a line, with a column for every setting that any fault was played in", () => {
  const table = new FaultTable();
  table.addFault({
    fault: "server killed",
    noticed: 30,
    wronglyRemoved: 0,
    recoveries: new Map([
      ["one", [40, 140]],
      ["three", [700, 810]],
    ]),
  });
  table.addFault({ fault: "leader killed", wronglyRemoved: 2, recoveries: new Map([["three", [15, 150]]]) });
  const lines = table.toMarkdown({ istiod: "istiod 1.31.1", frameworks: ["Dubbo 3.3.6"] }).split("\n");
  const rows = lines.filter((line) => line.startsWith("|")).map((line) => line.split("|").map((cell) => cell.trim()));
  assert.deepEqual(
    [rows[0], rows[2], rows[3]].map((cells) => cells!.slice(1, -1)),
    [
      ["fault", "noticed", "wrongly removed", "one", "three"],
      ["server killed", "≤ 0.05 s", "0", "≤ 0.05 s / ≤ 0.2 s", "≤ 1 s / ≤ 1 s"],
      ["leader killed", "", "2", "", "≤ 0.02 s / ≤ 0.2 s"],
    ],
  );
});
