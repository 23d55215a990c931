/**
 * Parses a candidate configuration without resolving its references: whoever sends a candidate
 * must not learn what lies in our environment and files. Each reference is replaced by a word that
 * stands for it, in a form that most settings accept.
 */
import { hash } from "node:crypto";
import { ConfigErrors } from "../../config/config-errors.ts";
import { parseConfig } from "../../config/load.ts";
import { describeError, TributaryError } from "../../errors/tributary-error.ts";
import { configOptions } from "../config-options.ts";
import type { CandidateText, ReadCandidate } from "./candidate-messages.ts";

export function readCandidate({ text, file, shownAs }: CandidateText): ReadCandidate {
  let references = false;
  const standIn = (reference: string): string => {
    references = true;
    return `reference-${hash("sha256", reference).slice(0, 10)}`;
  };
  // Every variable is there, and none is looked at.
  const env = new Proxy<Record<string, string>>(
    {},
    {
      get: (_target, name) => standIn(`env:${String(name)}`),
      getOwnPropertyDescriptor: (_target, name) => ({ value: standIn(`env:${String(name)}`), configurable: true, enumerable: true }),
    },
  );
  try {
    const { config, written } = parseConfig(text, {
      ...configOptions,
      file,
      env,
      readFile: (path) => standIn(`file:${path}`),
      ignoreImports: true,
    });
    return { config, written };
  } catch (error) {
    if (!(error instanceof ConfigErrors)) throw error;
    const lines = error.errors.map((one) => describeError(shown(one, shownAs)));
    if (references)
      lines.push("references (${env:…}, ${file:…}) are not resolved here: what is said of a value that holds one may not be true");
    return { errors: lines.join("\n") };
  }
}

function shown({ code, message, position, hint }: TributaryError, file: string): TributaryError {
  return new TributaryError(code, message, { position: position && { ...position, file }, hint });
}
