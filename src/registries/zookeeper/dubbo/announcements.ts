/**
 * Whether watches tell what changes. ZooKeeper sends a client the event of a change before any answer
 * that shows it, so a reading that finds other providers than the one before, without an event between
 * them, shows that the watch is blind there.
 */
export class Announcements {
  /** Directories of whose change a watch told since they were last read. */
  readonly #announced = new Set<string>();
  /** By directory, what was read last. */
  readonly #prints = new Map<string, number>();

  /** A watch told of a change. */
  add(directory: string): void {
    this.#announced.add(directory);
  }

  /** @returns false if providers came or went of which nothing was told */
  cover(directory: string, nodes: readonly string[]): boolean {
    const print = printOf(nodes);
    const before = this.#prints.get(directory);
    this.#prints.set(directory, print);
    return this.#announced.delete(directory) || before === undefined || before === print;
  }

  forget(directory: string): void {
    this.#announced.delete(directory);
    this.#prints.delete(directory);
  }
}

/** The address stands at the beginning of a node's name; a whole name would cost more than reading it. */
const significant = 48;

/** Independent of the order: the server tells the nodes in none. */
function printOf(nodes: readonly string[]): number {
  let sum = nodes.length;
  for (const node of nodes) {
    let value = node.length;
    const end = Math.min(node.length, significant);
    for (let at = 0; at < end; at++) value = (Math.imul(value, 31) + node.charCodeAt(at)) | 0;
    sum = (sum + Math.imul(value, 0x01000193)) | 0;
  }
  return sum;
}
