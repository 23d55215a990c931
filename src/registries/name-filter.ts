/** A name filter: `*` stands for any characters, `?` for one; everything else for itself. */
function glob(pattern: string): (text: string) => boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replaceAll("?", ".");
  const regexp = new RegExp(`^${expression}$`, "s");
  return (text) => regexp.test(text);
}

/** True for names that match an include (or there is none) and no exclude. */
export function nameFilter(include: readonly string[], exclude: readonly string[]): (name: string) => boolean {
  const included = include.map(glob);
  const excluded = exclude.map(glob);
  return (name) => (included.length === 0 || included.some((matches) => matches(name))) && !excluded.some((matches) => matches(name));
}
