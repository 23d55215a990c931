/**
 * The texts of items, shorter: what almost every one of them repeats is one character each. A JSON text holds no control
 * characters but white space, so those stand for it, and nothing else can be meant. Half of a registry's state is such repetition.
 */

/** Longer ones first where one begins like another. */
const phrases = [
  '{"kind":"service","service":{"key":{"name":"',
  '"}},{"id":"',
  '"}]},{"id":"',
  '},"instances":[{"id":"',
  '","address":"',
  '","ports":[{"number":',
  ',"protocol":"',
  '"}],"weight":',
  '"}],"labels":{"',
  ',"labels":{"',
  '"}}],"annotations":{"',
  '"}]}],"annotations":{"',
  ',"health":"',
  ',"persistent":true',
  ',"locality":{"region":"',
  '","zone":"',
] as const;

/** Neither tab, line feed nor carriage return, which may stand between the tokens of JSON. */
const codes = [1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21].map((code) => String.fromCharCode(code));

const codeOf = new Map<string, string>(phrases.map((phrase, index) => [phrase, codes[index]!]));
const phraseOf = new Map<string, string>(phrases.map((phrase, index) => [codes[index]!, phrase]));
const anyPhrase = new RegExp(phrases.map((phrase) => phrase.replace(/[{}[\]]/g, "\\$&")).join("|"), "g");
const anyCode = new RegExp(`[${codes.join("")}]`, "g");

/** @param text JSON */
export function packed(text: string): string {
  return text.replace(anyPhrase, (phrase) => codeOf.get(phrase)!);
}

export function unpacked(text: string): string {
  return text.replace(anyCode, (code) => phraseOf.get(code)!);
}
