import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What went over the wire between a real session server and its clients, by name. */
export const captured: ReadonlyMap<string, Buffer> = new Map(
  readFileSync(join(import.meta.dirname, "captured-frames.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(" ") as [string, string])
    .map(([name, hex]) => [name, Buffer.from(hex, "hex")]),
);

export function frameNamed(name: string): Buffer {
  const frame = captured.get(name);
  if (!frame) throw new Error(`no frame ${name} was captured`);
  return frame;
}
