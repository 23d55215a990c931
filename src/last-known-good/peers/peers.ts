/**
 * The other replicas, at a start with nothing kept of a registry: the newest state that one of them has, within bounds of
 * time and size. One that lies or is broken costs only itself.
 */
import type { TlsConfig } from "../../config/schema.ts";
import type { Logger } from "../../log/logger.ts";
import type { JournalOwner } from "../journal-header.ts";
import { type JournalContents, readJournal } from "../journal-reading.ts";
import type { Slices } from "../slices.ts";
import { addressText, type Own, ownAddresses, type PeerAddress, peerAddresses } from "./peer-addresses.ts";
import { PeerClient } from "./peer-client.ts";

export interface PeersOptions {
  /** `host:port` each. */
  readonly peers: readonly string[];
  readonly tls: TlsConfig;
  /** ms, for all that a registry takes. */
  readonly timeout: number;
  /** Own admin port. */
  readonly port: number;
  readonly log: Logger;
  readonly slices: Slices;
}

/** What a peer knew. */
export interface PeerState {
  readonly contents: JournalContents;
  /** `address:port` */
  readonly peer: string;
  /** Epoch ms, by our clock. */
  readonly asOf: number;
}

/** For a peer's word whether it has anything, in ms: one that hangs must not use up the time of all. */
const wordMs = 2_000;

export class Peers {
  readonly #options: PeersOptions;
  readonly #own: Own;

  constructor(options: PeersOptions) {
    this.#options = options;
    this.#own = { port: options.port, addresses: ownAddresses() };
  }

  /** Undefined: none has anything that can be used. Never rejects. */
  async newest(owner: JournalOwner): Promise<PeerState | undefined> {
    const { peers, tls, timeout, log } = this.#options;
    const { registry } = owner;
    const failed = (peer: string, error: Error): undefined => {
      log.warn({ registry, peer }, `the state of registry ${registry} cannot be taken from a peer: ${error.message}`);
    };
    const signal = AbortSignal.timeout(timeout);
    let client: PeerClient | undefined;
    try {
      client = new PeerClient(tls);
      const addresses = await before(signal, peerAddresses(peers, this.#own, failed));
      for (const { peer } of await this.#byAge(client, addresses, owner, signal, failed)) {
        const state = await this.#take(client, peer, owner, signal).catch((error: Error) => failed(addressText(peer), error));
        if (state) return state;
      }
    } catch (error) {
      failed(peers.join(", "), error as Error);
    } finally {
      client?.close();
    }
    return undefined;
  }

  /** Those that have something, the newest first. */
  async #byAge(
    client: PeerClient,
    addresses: readonly PeerAddress[],
    owner: JournalOwner,
    signal: AbortSignal,
    failed: (peer: string, error: Error) => void,
  ): Promise<readonly { readonly peer: PeerAddress; readonly age: number }[]> {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(wordMs)]);
    const asked = await Promise.all(
      addresses.map(async (peer) => {
        try {
          const age = await client.age(peer, owner, patience);
          return age === undefined ? [] : [{ peer, age }];
        } catch (error) {
          failed(addressText(peer), error as Error);
          return [];
        }
      }),
    );
    return asked.flat().sort((one, other) => one.age - other.age);
  }

  async #take(client: PeerClient, peer: PeerAddress, owner: JournalOwner, signal: AbortSignal): Promise<PeerState> {
    const { bytes, age } = await client.journal(peer, owner, signal);
    const asOf = Date.now() - age;
    const reading = await this.#options.slices.run(readJournal(bytes, owner));
    if (reading.is === "newer") throw new Error(`its state has format version ${reading.version}, of a newer release`);
    if (reading.is === "unusable") throw new Error(`its state cannot be used: ${reading.why}`);
    if (reading.torn > 0 || !reading.contents.isComplete) throw new Error("its state is not complete");
    return { contents: reading.contents, peer: addressText(peer), asOf };
  }
}

/** Rejects when the time is over. */
function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
