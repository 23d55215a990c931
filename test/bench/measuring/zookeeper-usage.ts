/** What a ZooKeeper says about its clients, by four-letter words. */
import type { ZooKeeper } from "../../e2e/servers/zookeeper.ts";

export interface ZooKeeperUsage {
  /** Requests of the session that was established last, pings among them. */
  readonly requests: number;
  /** Of all sessions. */
  readonly watches: number;
}

export async function zooKeeperUsage(zooKeeper: ZooKeeper): Promise<ZooKeeperUsage> {
  const sessions = (await zooKeeper.command("cons")).matchAll(/recved=(\d+),[^)]*\best=(\d+)/g);
  const [newest] = Array.from(sessions, ([, requests, since]) => ({ requests: Number(requests), since: Number(since) })).sort(
    (a, b) => b.since - a.since,
  );
  const watches = /Total watches:(\d+)/.exec(await zooKeeper.command("wchs"))?.[1];
  if (newest === undefined || watches === undefined) throw new Error("ZooKeeper does not tell its sessions and watches");
  return { requests: newest.requests, watches: Number(watches) };
}
