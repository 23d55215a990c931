/** Who shall see a Service, as its annotation says. */

const namespaceName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export interface Exported {
  /** Namespaces, or `*`; empty: nobody. */
  readonly to: readonly string[];
  /** Parts of the annotation that say nothing. */
  readonly bad: readonly string[];
}

/**
 * `.` becomes the name of the Service's namespace, because the object that is made of it lies in another one. Who meant
 * to restrict and misspelt it is not exposed: without a good part, the Service's own namespace is left.
 */
export function readExportTo(annotation: string, namespace: string): Exported {
  const parts = annotation
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const bad = parts.filter((part) => part !== "." && part !== "*" && part !== "~" && !namespaceName.test(part));
  const good = parts.filter((part) => !bad.includes(part)).map((part) => (part === "." ? namespace : part));
  if (good.includes("*")) return { to: ["*"], bad };
  if (good.includes("~")) return { to: [], bad };
  return { to: good.length === 0 ? [namespace] : [...new Set(good)].sort(), bad };
}
