/**
 * Endpoint labels: which of an instance's labels are taken, and how they become legal.
 *
 * One illegal label would make istiod refuse the whole ServiceEntry, so nothing passes unchecked:
 * characters that cannot stand become `_`, what is too long is cut, what then has no content is dropped.
 */

import { compareText } from "../naming/compare-text.ts";
import { isLabelKey, isLabelValue, maxLabelLength } from "./object-names.ts";
import { ownPrefix } from "./own-names.ts";
import { type ProblemList, quoted } from "./problem-list.ts";

/** More labels of one endpoint are dropped: with `*` in the allow-list, a registry decides how many there are. */
const maxLabels = 64;

export interface LabelFilter {
  /** Sorted. */
  readonly exact: readonly string[];
  readonly prefixes: readonly string[];
  readonly all: boolean;
}

/** `*` takes every label, `name*` those that begin so, everything else is an exact name. */
export function compileLabelFilter(patterns: readonly string[]): LabelFilter {
  const wild = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  return {
    exact: [...new Set(patterns.filter((pattern) => !pattern.endsWith("*")))].sort(compareText),
    prefixes: wild.filter((prefix) => prefix !== ""),
    all: wild.includes(""),
  };
}

/**
 * The allowed labels of an instance in their legal form; keys in order.
 * `own` are Tributary's labels, sorted; none of them can be displaced, because their names are reserved.
 */
export function endpointLabels(
  labels: Readonly<Record<string, string>> | undefined,
  filter: LabelFilter,
  own: readonly (readonly [key: string, value: string])[],
  problems: ProblemList,
): Record<string, string> {
  const taken: Record<string, string> = {};
  let previous = "";
  let inOrder = true;
  let count = 0;
  const put = (key: string, value: string): void => {
    inOrder &&= previous < key;
    previous = key;
    taken[key] = value;
    count++;
  };
  const take = (original: string, key: string): void => {
    const value = labels?.[original] ?? "";
    if (value === "") return;
    const legal = legalValue(value);
    if (isReserved(key)) problems.note("reserved-label", `label ${quoted(original)} is Istio's or ours to set and is left out`);
    else if (key === "" || legal === "") problems.note("bad-label", `label ${quoted(original)} has no legal form and is left out`);
    else if (Object.hasOwn(taken, key))
      problems.note("bad-label", `label ${quoted(original)} would be called like another one and is left out`);
    else if (count >= maxLabels) problems.note("bad-label", `more than ${maxLabels} labels: the last ones in order are left out`);
    else {
      put(key, legal);
      if (key !== original || legal !== value) problems.note("label-changed", `label ${quoted(original)} is changed to be legal`);
    }
  };
  const bent: string[] = [];
  let nextOwn = 0;
  for (const key of labels ? selectedKeys(labels, filter) : []) {
    if (!labels || !Object.hasOwn(labels, key)) continue;
    // Ours are merged in where they belong, so that sorting is the exception.
    for (let mine = own[nextOwn]; mine && mine[0] < key; mine = own[++nextOwn]) put(...mine);
    if (isLabelKey(key)) take(key, key);
    else bent.push(key);
  }
  for (const mine of own.slice(nextOwn)) put(...mine);
  // After the exact ones, so that a legal label never gives way to one that was bent into its name.
  for (const key of bent) take(key, legalKey(key));
  return inOrder ? taken : Object.fromEntries(Object.entries(taken).sort(([a], [b]) => compareText(a, b)));
}

function selectedKeys(labels: Readonly<Record<string, string>>, filter: LabelFilter): readonly string[] {
  if (!filter.all && filter.prefixes.length === 0) return filter.exact;
  return Object.keys(labels)
    .filter((key) => filter.all || filter.exact.includes(key) || filter.prefixes.some((prefix) => key.startsWith(prefix)))
    .sort(compareText);
}

/** Labels with a meaning to istiod (`security.istio.io/tlsMode`, `topology.istio.io/network`, …) are not a registry's to set. */
function isReserved(key: string): boolean {
  return (
    (key.includes(ownPrefix) && /(^|\.)tributary\.dev\//.test(key)) ||
    key === "istio-locality" ||
    (key.includes("istio.io/") && /(^|\.)istio\.io\//.test(key))
  );
}

/** Illegal characters become `_`, both ends a letter or digit, at most 63; empty if nothing is left. */
export function legalValue(value: string): string {
  return isLabelValue(value) ? value : legalName(value);
}

function legalKey(key: string): string {
  const slash = key.indexOf("/");
  const qualified = slash > 0 ? `${key.slice(0, slash)}/${legalName(key.slice(slash + 1))}` : "";
  return isLabelKey(qualified) ? qualified : legalName(key);
}

function legalName(text: string): string {
  // Cut first: a hostile value may be megabytes long. What the trimming costs at the ends is made up for by the double length.
  const replaced = text.slice(0, 2 * maxLabelLength).replace(/[^A-Za-z0-9_.-]/g, "_");
  return replaced
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, maxLabelLength)
    .replace(/[^A-Za-z0-9]+$/, "");
}

/** As many whole ids as fit into a label value, joined by dots. */
export function provenance(ids: Iterable<string>): string {
  let value = "";
  for (const id of ids) {
    const longer = value === "" ? id : `${value}.${id}`;
    if (longer.length > maxLabelLength) break;
    value = longer;
  }
  return legalValue(value);
}
