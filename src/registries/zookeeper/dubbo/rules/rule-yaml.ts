/** The text of a rule's document, read within bounds: anybody who may write rules may have written it. */
import { BadRule } from "./rule.ts";

/** Bytes. A rule of a thousand addresses has 30 KB. */
const largestRule = 64 * 1024;
/** Nested lists and mappings in flow style; an item of a rule has two. */
const deepestFlow = 16;
const mostAliases = 100;

/**
 * @returns plain values
 * @throws BadRule
 */
export async function parseRuleYaml(text: string): Promise<unknown> {
  if (text.length > largestRule) throw new BadRule(`more than ${largestRule} characters`);
  refuseSlowForms(text);
  // Loaded only once there is a rule, so that a start without rules does not wait for it.
  const { parseDocument } = await import("yaml");
  try {
    // Dubbo's own parser speaks YAML 1.1 (`enabled: yes`), and takes the last of two equal keys.
    const document = parseDocument(text, { version: "1.1", uniqueKeys: false, prettyErrors: false, logLevel: "error" });
    const [error] = document.errors;
    if (error) throw new BadRule(error.message);
    return document.toJS({ maxAliasCount: mostAliases });
  } catch (error) {
    if (error instanceof BadRule) throw error;
    throw new BadRule(error instanceof Error ? error.message : String(error));
  }
}

/** The parser's time grows with the square of how deep flow collections and explicit keys (`? key`) nest: minutes for 64 KB. */
function refuseSlowForms(text: string): void {
  if (/(?:^|[\s[{,])\?(?:\s|$)/.test(text)) throw new BadRule("explicit keys (`?`) are not supported");
  let depth = 0;
  for (const bracket of text.matchAll(/[[\]{}]/g)) {
    depth = bracket[0] === "[" || bracket[0] === "{" ? depth + 1 : Math.max(0, depth - 1);
    if (depth > deepestFlow) throw new BadRule("brackets are nested too deeply");
  }
}
