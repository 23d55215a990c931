/** A value that came into the configuration by reference; it must never be printed. */
export interface Secret {
  readonly value: string;
  /** How the configuration names it: `${env:NAME}` or `${file:PATH}`. */
  readonly reference: string;
}

/**
 * Shorter values are not searched for in free text: they would be found inside unrelated words and
 * make every message unreadable. Where a value is known to be a secret, its reference is shown anyway.
 */
const shortestRedacted = 4;

/** Replaces every secret in a text, plain, URL-encoded or as in JSON, by its reference. */
export function redact(text: string, secrets: readonly Secret[]): string {
  let result = text;
  // The longest first: a secret may be part of another.
  for (const { value, reference } of [...secrets].sort((a, b) => b.value.length - a.value.length)) {
    for (const form of printedForms(value)) result = result.replaceAll(form, () => reference);
  }
  return result;
}

/** Redacts every string in a JSON value, at any depth. */
export function redactDeep(value: unknown, secrets: readonly Secret[]): unknown {
  if (typeof value === "string") return redact(value, secrets);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, secrets));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [redact(key, secrets), redactDeep(item, secrets)]));
  }
  return value;
}

/** The forms in which a secret may stand in a text; none for one that is too short to be searched for. */
export function printedForms(value: string): Set<string> {
  if (value.length < shortestRedacted) return new Set();
  const forms = new Set([value, JSON.stringify(value).slice(1, -1)]);
  // No URL can hold a lone surrogate.
  if (value.isWellFormed()) forms.add(encodeURIComponent(value));
  return forms;
}
