/**
 * Why istiod probably did not take an object. istiod itself tells nobody: it acknowledges the push,
 * and most lines of its log do not name the resource. The rules are those observed with 1.29 and 1.31.
 */
import type { MeshObject } from "../mesh/mesh-object.ts";
import { quoted } from "../mesh/problem-list.ts";
import { validate } from "../mesh/validate/validate.ts";
import type { Difference } from "./findings.ts";

/**
 * `shadowed`: another source has the name. `revision`: meant for another istiod. `invalid`: breaks a
 * rule we know. `update-refused` and `refused`: breaks a rule we do not know. `none-taken`: istiod has
 * nothing of the type. `leftover`: not ours to explain.
 */
export type GuessCause = "shadowed" | "revision" | "invalid" | "update-refused" | "refused" | "none-taken" | "leftover";

export interface Guess {
  readonly cause: GuessCause;
  /** A sentence for people. */
  readonly text: string;
}

export interface GuessContext {
  /** What was sent, if it can still be read. */
  readonly object: MeshObject | undefined;
  /** Whether istiod took anything of the type. */
  readonly othersTaken: boolean;
}

export function guess(difference: Difference, { object, othersTaken }: GuessContext): Guess {
  switch (difference.state) {
    case "extra":
      return { cause: "leftover", text: "it looks like ours and was not sent: another source sends it, or istiod did not delete it" };
    case "shadowed":
      return {
        cause: "shadowed",
        text: `an object of this name from another source is used (resourceVersion ${quoted(difference.held ?? "")}): the first of istiod's configSources that has a name wins, most often Kubernetes`,
      };
    case "other-version":
      return keptEarlier(refusal(object, "update-refused"));
    case "missing":
      return revision(object) ?? (othersTaken ? refusal(object, "refused") : noneTaken(object));
  }
}

/** An update that istiod's validation refuses leaves the earlier copy in place. */
function keptEarlier({ cause, text }: Guess): Guess {
  return { cause, text: `istiod keeps an earlier copy: ${text}` };
}

/** A label for another revision makes istiod skip the object, and delete the copy it has. */
function revision(object: MeshObject | undefined): Guess | undefined {
  const label = object?.labels["istio.io/rev"];
  if (label === undefined) return undefined;
  return { cause: "revision", text: `its label istio.io/rev is ${quoted(label)}: an istiod of another revision skips it` };
}

function refusal(object: MeshObject | undefined, unknownRule: "refused" | "update-refused"): Guess {
  const errors = object ? validate(object) : [];
  if (errors.length > 0) return { cause: "invalid", text: `its validation refuses it: ${errors.slice(0, 3).join("; ")}` };
  return {
    cause: unknownRule,
    text: "its validation probably refuses it, by a rule that Tributary does not know: look for warnings in istiod's log at the time of the push",
  };
}

function noneTaken(object: MeshObject | undefined): Guess {
  const known = refusal(object, "refused");
  if (known.cause === "invalid") return known;
  return {
    cause: "none-taken",
    text: "istiod has nothing of this type: the port of readBack.ports may be another program's, or this istiod does not read the type",
  };
}
