/** A locality as people write it: `region/zone/subzone`, of which the last ones may be left out. */
import type { Locality } from "../service.ts";
import { describe, type Reading } from "./reading.ts";
import type { Path } from "./source-document.ts";

export function readLocality(value: unknown, path: Path, reading: Reading): Locality | undefined {
  const text = reading.text(value, path, "a locality");
  if (!text) return undefined;
  const parts = text.split("/");
  const [region, zone, subzone] = parts;
  if (parts.length > 3 || !region) {
    reading.problem("bad-value", path, `a locality is region/zone/subzone, not ${describe(text)}`);
    return undefined;
  }
  return { region, ...(zone && { zone }), ...(subzone && { subzone }) };
}
