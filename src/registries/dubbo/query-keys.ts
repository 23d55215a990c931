/**
 * The keys of many query strings. The same few repeat endlessly, so each is cut out of its URL and
 * judged once: afterwards it is found again by its characters, without a new string.
 */

export interface QueryKey<Role> {
  readonly text: string;
  /** What the key is used for. */
  readonly role: Role;
}

export const equalsSign = 0x3d;
const ampersand = 0x26;
/** Their writers are not ours, so what is remembered is bounded, in number and length. */
const maxKeys = 5_000;
const maxLength = 128;

export class QueryKeys<Role> {
  readonly #roleOf: (key: string) => Role;
  /** By hash; of two keys with the same hash the later one. */
  readonly #known = new Map<number, QueryKey<Role>>();

  constructor(roleOf: (key: string) => Role) {
    this.#roleOf = roleOf;
  }

  /** The key that begins here; it ends before `=`, `&` or the end of the text. */
  at(text: string, start: number): QueryKey<Role> {
    // FNV-1a over the characters.
    let hash = 0x811c9dc5;
    let end = start;
    for (; end < text.length; end++) {
      const character = text.charCodeAt(end);
      if (character === equalsSign || character === ampersand) break;
      hash = Math.imul(hash ^ character, 0x01000193);
    }
    const known = this.#known.get(hash);
    if (known !== undefined && known.text.length === end - start && text.startsWith(known.text, start)) return known;
    const key = text.slice(start, end);
    return key.length > maxLength ? { text: key, role: this.#roleOf(key) } : this.#learn(key, hash);
  }

  #learn(cut: string, hash: number): QueryKey<Role> {
    // Parsed anew so that it does not keep the URL in memory that it was cut from.
    const text = JSON.parse(JSON.stringify(cut)) as string;
    const key: QueryKey<Role> = { text, role: this.#roleOf(text) };
    if (this.#known.size >= maxKeys) this.#known.clear();
    this.#known.set(hash, key);
    return key;
  }
}
