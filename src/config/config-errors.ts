import { describeError, type TributaryError } from "../errors/tributary-error.ts";

/** Everything that is wrong with a configuration, in the order of the file; at least one error. */
export class ConfigErrors extends Error {
  readonly errors: readonly TributaryError[];
  /** Absolute paths of the secret files that the configuration names, as far as it could be read. */
  readonly files: readonly string[];

  constructor(errors: readonly TributaryError[], files: readonly string[] = []) {
    const sorted = [...errors].sort(byPosition);
    super(sorted.map(describeError).join("\n"));
    this.name = "ConfigErrors";
    this.errors = sorted;
    this.files = files;
  }
}

function byPosition(a: TributaryError, b: TributaryError): number {
  return (a.position?.line ?? 0) - (b.position?.line ?? 0) || (a.position?.column ?? 0) - (b.position?.column ?? 0);
}
