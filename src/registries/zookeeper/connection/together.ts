/** ZooKeeper takes a request of up to 1 MB; names longer than so many characters, hardly any, are asked one by one. */
const longestTogether = 1_000;

export interface Together {
  /** Each may be asked in one request. */
  readonly groups: readonly (readonly string[])[];
  readonly alone: readonly string[];
}

/** Names of nodes, in groups of at most `size` (200 at most) for `Client.childrenOfEach`. */
export function together(names: readonly string[], size: number): Together {
  const short = names.filter((name) => name.length <= longestTogether);
  const groups = Array.from({ length: Math.ceil(short.length / size) }, (_, at) => short.slice(at * size, (at + 1) * size));
  return { groups, alone: short.length === names.length ? [] : names.filter((name) => name.length > longestTogether) };
}
