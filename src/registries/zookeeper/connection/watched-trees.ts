/**
 * The trees of one session on which a recursive watch lies. Inside of them no other watch may be
 * left: servers before 3.9 let the watches that one session has on one path replace each other
 * (ZOOKEEPER-4466). Followers need not know which kind told them.
 */

/** Kinds of events (`Watcher.Event.EventType`) that are told of the parent, too. */
const created = 1;
export const deleted = 2;

const slash = "/".charCodeAt(0);

export class WatchedTrees {
  /** Without a slash at the end: the tree of everything is empty. */
  readonly #roots: string[] = [];

  add(root: string): void {
    this.#roots.push(root === "/" ? "" : root);
  }

  /** Whether the path is the root of a watched tree or lies below one. */
  covers(path: string): boolean {
    for (const root of this.#roots) {
      if (path.startsWith(root) && (path.length === root.length || path.charCodeAt(root.length) === slash)) return true;
    }
    return false;
  }

  /** The paths of which one-shot watches would have told this event; recursive ones have no event for a node's children. */
  changedBy(kind: number, path: string): readonly string[] {
    if ((kind !== created && kind !== deleted) || !this.covers(path)) return [path];
    const parent = path.slice(0, path.lastIndexOf("/")) || "/";
    return parent !== path && this.covers(parent) ? [parent, path] : [path];
  }
}
