/**
 * Looks host names up as programs beside us do: `/etc/hosts`, then the name servers, with the search
 * list of `/etc/resolv.conf`. The system's own `getaddrinfo` is not asked: it holds one of the few threads
 * that a process has for it, for up to a minute when no name server answers, and would keep sessions
 * from finding their servers meanwhile. It also does not say how long an answer holds.
 */
import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { parseHosts } from "./hosts-file.ts";
import { candidates, parseSearchList, type SearchList } from "./search-list.ts";

/** What a name stands for. */
export interface NameAnswer {
  /** Sorted, without repetition; empty: the name does not exist, or has no address. */
  readonly addresses: readonly string[];
  /** How long the answer holds, ms. */
  readonly ttl: number;
}

/** The name servers could not tell. */
export class NoAnswer extends Error {}

export interface NameResolverOptions {
  /** Default: the system's. */
  readonly hostsFile?: string;
  readonly resolvConf?: string;
  /** `address:port`. Default: the system's name servers. */
  readonly servers?: readonly string[];
  /** Of the first of two attempts at each name server, ms. Default 2 s. */
  readonly timeout?: number;
}

/** Kubernetes writes both files once, elsewhere they change when a machine moves to another network. */
const rereadMs = 30_000;
const attempts = 2;
const defaultTimeoutMs = 2_000;
/** What a file says has no time to live. */
const fileTtlMs = 30_000;
const maxAddresses = 64;

/** Words of the library for "there is no such name" and "it has no address of this kind"; whatever else it says is no answer. */
const absent = new Set<unknown>(["ENOTFOUND", "ENODATA", "EBADNAME"]);

interface SystemNames {
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly search: SearchList;
  readonly resolver: Resolver;
}

export class NameResolver {
  readonly #options: NameResolverOptions;
  #system: Promise<SystemNames> | undefined;
  #readAt = 0;
  /** Those that may still wait for an answer: the newest and the one before it. */
  readonly #resolvers: Resolver[] = [];

  constructor(options: NameResolverOptions = {}) {
    this.#options = options;
  }

  /**
   * IPv4 addresses where there are any, else IPv6: an instance is one endpoint, and a mesh without IPv6 must not get one.
   * @throws NoAnswer
   */
  async lookup(name: string): Promise<NameAnswer> {
    const { hosts, search, resolver } = await this.#names();
    const known = hosts.get(name.replace(/\.$/, "").toLowerCase());
    if (known) {
      const ipv4 = known.filter((address) => isIPv4(address));
      return answer(ipv4.length > 0 ? ipv4 : known, fileTtlMs);
    }
    // A candidate that cannot be told ends the search: a later one could be somebody else.
    for (const candidate of candidates(name, search)) {
      const found =
        (await ask(() => resolver.resolve4(candidate, { ttl: true }))) ?? (await ask(() => resolver.resolve6(candidate, { ttl: true })));
      if (found) {
        const ttl = found.reduce((least, record) => Math.min(least, record.ttl), Number.POSITIVE_INFINITY);
        return answer(
          found.map(({ address }) => address),
          ttl * 1_000,
        );
      }
    }
    return answer([], 0);
  }

  /** Gives up what it waits for, which would keep the process from ending. */
  close(): void {
    for (const resolver of this.#resolvers) resolver.cancel();
  }

  #names(): Promise<SystemNames> {
    const now = performance.now();
    if (this.#system && now - this.#readAt < rereadMs) return this.#system;
    this.#readAt = now;
    this.#system = this.#read();
    return this.#system;
  }

  async #read(): Promise<SystemNames> {
    const { hostsFile = "/etc/hosts", resolvConf = "/etc/resolv.conf", servers, timeout = defaultTimeoutMs } = this.#options;
    const [hosts, conf] = await Promise.all([textOf(hostsFile), textOf(resolvConf)]);
    const resolver = new Resolver({ timeout, tries: attempts });
    if (servers) resolver.setServers(servers);
    this.#resolvers.push(resolver);
    if (this.#resolvers.length > 2) this.#resolvers.shift();
    return { hosts: parseHosts(hosts), search: parseSearchList(conf), resolver };
  }
}

function answer(addresses: readonly string[], ttl: number): NameAnswer {
  return { addresses: [...new Set(addresses)].sort().slice(0, maxAddresses), ttl };
}

/** The records, or undefined if there are none. */
async function ask<T>(question: () => Promise<T[]>): Promise<T[] | undefined> {
  try {
    const records = await question();
    return records.length > 0 ? records : undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (absent.has(code)) return undefined;
    throw new NoAnswer(message);
  }
}

/** A file that is missing says nothing. */
function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
