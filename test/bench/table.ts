import type { Verdict } from "./figure.ts";

/** One line a figure: name, value, target, and whether it was met. */
export function table(verdicts: readonly Verdict[]): string {
  const rows = [
    ["figure", "measured", "target", ""],
    ...verdicts.map(({ name, value, unit, target, ok }) => [
      name,
      withUnit(text(value), unit),
      target === null ? "" : withUnit(target, unit),
      ok === null ? "" : ok ? "ok" : "MISSED",
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(([name, value, target, ok]) =>
      `${name!.padEnd(widths[0]!)}  ${value!.padStart(widths[1]!)}  ${target!.padStart(widths[2]!)}  ${ok}`.trimEnd(),
    )
    .join("\n");
}

function withUnit(value: string, unit: string): string {
  return unit === "" ? value : `${value} ${unit}`;
}

/** Three significant digits, but no fewer than all before the point. */
function text(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(digits, 3));
}
