/** Which rows a suite runs: the smoke tier by default, all of them with `npm run e2e -- --full`. */
export const full = process.env.E2E_FULL === "1";

/** For the options of a test that only the full tier has time for. */
export const onlyInFull = { skip: full ? false : "only with --full" };
