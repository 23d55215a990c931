/** Hosts that somebody may have meant, for a query that found none. */
import { setImmediate as turn } from "node:timers/promises";
import { editDistance } from "../../errors/nearest.ts";

/** Milliseconds of search between two turns of the event loop. */
const sliceMs = 5;
/** The search ends after this time, in ms, with what it found. */
const patienceMs = 1_000;
/** Longer queries and hosts are compared by their ends, where hosts differ least by chance and people look. */
const longest = 96;

/** At most `count` hosts: first those that contain the query, then those that are a few letters away. */
export async function nearestHosts(query: string, hosts: Iterable<string>, count: number): Promise<readonly string[]> {
  const wanted = fold(query);
  // Whoever asks has just looked through all of them.
  await turn();
  const begun = performance.now();
  let sliceEnd = begun + sliceMs;
  const containing: string[] = [];
  let near: { host: string; distance: number }[] = [];
  for (const name of hosts) {
    if (performance.now() >= sliceEnd) {
      if (performance.now() - begun > patienceMs) break;
      await turn();
      sliceEnd = performance.now() + sliceMs;
    }
    // The namespace counts only where it was asked for.
    const host = fold(query.includes("/") ? name : name.slice(name.indexOf("/") + 1));
    if (wanted.length >= 3 && host.includes(wanted)) {
      containing.push(name);
      if (containing.length >= count) break;
      continue;
    }
    const limit = Math.min(
      Math.floor(Math.max(wanted.length, host.length) / 3),
      near.length < count ? 12 : (near.at(-1)?.distance ?? 0) - 1,
    );
    const distance = editDistance(wanted, host, limit);
    if (distance > limit) continue;
    near.push({ host: name, distance });
    near = near.sort((one, other) => one.distance - other.distance).slice(0, count);
  }
  return [...containing, ...near.map(({ host }) => host)].slice(0, count);
}

function fold(text: string): string {
  return text.toLowerCase().slice(-longest);
}
