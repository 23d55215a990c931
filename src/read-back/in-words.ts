import type { ResourceReadBack } from "./view.ts";

/** What is known of one resource, as a word and a sentence. */
export function inWords(known: ResourceReadBack): { readonly state: ResourceReadBack["state"]; readonly detail: string } {
  const { state } = known;
  switch (known.state) {
    case "unknown":
      return { state, detail: known.why };
    case "accepted":
      return { state, detail: `istiod held this version at ${time(known.checkedAt)}` };
    case "missing":
      return {
        state,
        detail: `istiod did not hold it at ${time(known.checkedAt)}, first seen at ${time(known.since)}: ${known.guess.text}`,
      };
    case "other-version":
    case "shadowed":
      return {
        state,
        detail: `istiod held version ${known.held} of it at ${time(known.checkedAt)}, first seen at ${time(known.since)}: ${known.guess.text}`,
      };
  }
}

function time(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
