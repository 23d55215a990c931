/**
 * The grammars of names that istiod and Kubernetes check: one place, so that what is built and
 * what is validated can never disagree.
 */

/** Longest DNS label, label key name and label value. */
export const maxLabelLength = 63;
/** Longest Kubernetes object name and label key prefix. */
const maxSubdomainLength = 253;
/** Longest host istiod accepts. */
const maxHostLength = 255;

const lowerLabel = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const anyLabel = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$/;
const wildcardLabel = /^(?:\*|(?:\*|\*-)?[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)$/;
const qualifiedName = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?$/;

/** A DNS label as port names and namespaces are: lower-case letters, digits and `-`, at most 63. */
export function isDnsLabel(text: string): boolean {
  return text.length <= maxLabelLength && lowerLabel.test(text);
}

/** A Kubernetes object name: DNS labels joined by dots, at most 253 characters. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= maxSubdomainLength && text.split(".").every(isDnsLabel);
}

/** A label value: empty, or letters, digits, `-`, `_`, `.` with a letter or digit at both ends. istiod knows no length here, Kubernetes does. */
export function isLabelValue(text: string, limit = maxLabelLength): boolean {
  return text === "" || (text.length <= limit && qualifiedName.test(text));
}

/** A label or annotation key: a name of at most 63 characters, by choice behind a DNS prefix and `/`. */
export function isLabelKey(text: string): boolean {
  if (knownKeys.has(text)) return true;
  const legal = checkLabelKey(text);
  if (legal && knownKeys.size < maxKnownKeys) knownKeys.add(text);
  return legal;
}

/** A mesh has few label keys and asks for each of them a hundred thousand times. */
const maxKnownKeys = 1000;
const knownKeys = new Set<string>();

function checkLabelKey(text: string): boolean {
  const slash = text.indexOf("/");
  if (slash === -1) return text.length <= maxLabelLength && qualifiedName.test(text);
  const name = text.slice(slash + 1);
  const prefix = text.slice(0, slash);
  return (
    name.length <= maxLabelLength &&
    qualifiedName.test(name) &&
    prefix.length <= maxSubdomainLength &&
    prefix.split(".").every((label) => anyLabel.test(label))
  );
}

/** A fully qualified name as istiod takes it: a trailing dot is fine, an all-digit last label is not. */
export function isFqdn(text: string): boolean {
  return text.length > 0 && text.length <= maxHostLength && areHostLabels(text.split("."));
}

/** As `isFqdn`, with a wildcard (`*`, `*-x`) allowed in the first label; a single label may be all digits. */
export function isWildcardHost(text: string): boolean {
  if (text.length === 0 || text.length > maxHostLength) return false;
  const [first = "", ...rest] = text.split(".");
  return first.length <= maxLabelLength && wildcardLabel.test(first) && (rest.length === 0 || areHostLabels(rest));
}

function areHostLabels(labels: readonly string[]): boolean {
  const last = labels.at(-1) ?? "";
  if (/^[+-]?\d+$/.test(last)) return false;
  const named = last === "" ? labels.slice(0, -1) : labels;
  return named.length > 0 && named.every((label) => label.length <= maxLabelLength && anyLabel.test(label));
}

/** Makes a DNS label of any text: lower-case, other characters become `-`. Empty if nothing is left. */
export function toDnsLabel(text: string): string {
  const replaced = text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return replaced.replace(/^-/, "").slice(0, maxLabelLength).replace(/-$/, "");
}
