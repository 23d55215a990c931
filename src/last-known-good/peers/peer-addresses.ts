/** The replicas that a list of `host:port` stands for: a headless Service's name has an address for each. */
import { promises as dns, type LookupAddress } from "node:dns";
import { networkInterfaces } from "node:os";

export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

/** More are not asked. */
const mostPeers = 32;

export interface Own {
  /** Of the own admin port. */
  readonly port: number;
  /** Of this machine, or pod. */
  readonly addresses: ReadonlySet<string>;
}

export function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)));
}

/** All of them, without ourselves. A name that cannot be resolved is told and left out. */
export async function peerAddresses(
  peers: readonly string[],
  own: Own,
  failed: (peer: string, error: Error) => void,
  lookup: (host: string) => Promise<readonly LookupAddress[]> = (host) => dns.lookup(host, { all: true }),
): Promise<readonly PeerAddress[]> {
  const found = await Promise.all(
    peers.map(async (peer) => {
      const colon = peer.lastIndexOf(":");
      const host = peer.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
      const port = Number(peer.slice(colon + 1));
      try {
        return (await lookup(host)).map(({ address }) => ({ address, port }));
      } catch (error) {
        failed(peer, error as Error);
        return [];
      }
    }),
  );
  const byText = new Map(found.flat().map((one) => [`${one.address} ${one.port}`, one]));
  return [...byText.values()].filter(({ address, port }) => port !== own.port || !own.addresses.has(address)).slice(0, mostPeers);
}

export function addressText({ address, port }: PeerAddress): string {
  return `${address.includes(":") ? `[${address}]` : address}:${port}`;
}
