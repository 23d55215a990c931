/** Servers differ in which paths they have; how one says that it lacks a path. */

/** 404 and 405: never heard of it; 410: a version that switched it off; 501: a version that lists its paths. */
export function isAbsent(status: number): boolean {
  return status === 404 || status === 405 || status === 410 || status === 501;
}

/** What a body says, short enough for a reason: the message of a JSON error, or the beginning of the text. */
export function bodyText(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: unknown };
    for (const each of [message, error]) if (typeof each === "string" && each !== "") return shortened(each);
  } catch {
    // Pages of proxies and old versions are no JSON.
  }
  return shortened(text);
}

function shortened(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 200);
}
