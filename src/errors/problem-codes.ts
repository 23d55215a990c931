/**
 * Every word a `Problem` can carry: one datum was skipped or altered, the rest goes on. The words are
 * labels of metrics and a promise to users; they are listed in `docs/errors.md` (generated from here).
 * Kebab-case, sorted.
 */
export const problemCodes = {
  "bad-address": "An instance's address is neither an IPv4 or IPv6 address nor a host name; the instance is skipped.",
  "bad-escape": "A percent-escape cannot be decoded; the datum is skipped.",
  "bad-port": "A port is missing or not within 1 … 65535; the instance or port is skipped.",
  "bad-url": "A registration is not a URL of the expected form; it is skipped.",
} as const satisfies Record<string, string>;

export type ProblemCode = keyof typeof problemCodes;
