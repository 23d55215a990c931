/** Which rows a suite runs: the smoke tier by default, all of them with `npm run e2e -- --full`. */
export const full = process.env.E2E_FULL === "1";

/** For the options of a test that only the full tier has time for. */
export const onlyInFull = { skip: full ? false : "only with --full" };

const absent = new Set(process.env.E2E_ABSENT?.split("\n"));

/** False if this program of the full tier could not be had; the runner says so. */
export function isPresent(name: string): boolean {
  return !absent.has(name);
}
