/**
 * The known word that somebody most likely meant, or nothing if none is near: at most a third of
 * the longer word may differ (one letter always may), counting a swap of neighbours as one.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = fold(word);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const folded = fold(candidate);
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, folded.length) / 3));
    if (Math.abs(wanted.length - folded.length) > limit) continue;
    const distance = editDistance(wanted, folded, limit);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean "x"?`, or nothing: to append to a message about an unknown word. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const guess = nearest(word, known);
  return guess === undefined ? "" : `; did you mean "${guess}"?`;
}

/** Case and separators are what people get wrong most, so they count for nothing. Bounded: keys come from outside. */
function fold(word: string): string {
  return word.slice(0, 64).toLowerCase().replace(/[-_.]/g, "");
}

/**
 * Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. Where the
 * distance is larger than `limit`, any number above it: looking through ten thousand words then costs
 * little, because most are given up after a few letters.
 */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [endA, endB] = [a.length, b.length];
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const width = endB - start;
  let beforeLast: number[] = [];
  let last = Array.from({ length: width + 1 }, (_, j) => j);
  for (let i = 1; i <= endA - start; i++) {
    const letter = a[start + i - 1];
    const row = [i];
    let least = i;
    for (let j = 1; j <= width; j++) {
      const other = b[start + j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (letter === other ? 0 : 1));
      if (i > 1 && j > 1 && letter === b[start + j - 2] && a[start + i - 2] === other) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
      if (cost < least) least = cost;
    }
    // A swap reaches back over one row, so two rows above the limit are the end.
    if (least > limit && Math.min(...last) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[width]!;
}
