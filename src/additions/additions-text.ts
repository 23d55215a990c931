/** Additions as they lie in a file: JSON, `{"registries":[…],"clusters":[…]}`. */
import { type Addition, type Additions, mostAdditions } from "./addition.ts";

export function additionsText(additions: Additions): string {
  return `${JSON.stringify(additions)}\n`;
}

/** Undefined: it is not made of additions. */
export function readAdditions(text: string): Additions | undefined {
  let value: Partial<Additions> | null;
  try {
    value = JSON.parse(text) as Partial<Additions> | null;
  } catch {
    return undefined;
  }
  const { registries, clusters, defaultCluster } = value ?? {};
  if (!isList(registries) || !isList(clusters)) return undefined;
  if (defaultCluster !== undefined && typeof defaultCluster !== "string") return undefined;
  return { registries, clusters, ...(defaultCluster !== undefined && { defaultCluster }) };
}

function isList(value: unknown): value is readonly Addition[] {
  return Array.isArray(value) && value.length <= mostAdditions && value.every(isAddition);
}

function isAddition(value: unknown): value is Addition {
  if (typeof value !== "object" || value === null) return false;
  const { id, written, kubeconfig, by, at } = value as Partial<Record<keyof Addition, unknown>>;
  const isWritten = typeof written === "object" && written !== null;
  return (
    typeof id === "string" &&
    isWritten &&
    ["string", "undefined"].includes(typeof kubeconfig) &&
    typeof by === "string" &&
    Number.isFinite(at)
  );
}
