/** The faults of servers and networks, each as it is begun and ended in one setting. */
import type { Setting } from "./setting.ts";

export interface Fault {
  /** As the table names it. */
  readonly name: string;
  /** ms between its begin and its end */
  readonly lasts: number;
  /** Also in the smoke tier. */
  readonly smoke?: boolean;
  /** Only an ensemble can have it. */
  readonly ensemble?: boolean;
  /** Nothing but silence tells of it: it must be noticed within two thirds of the session time-out. */
  readonly silent?: boolean;
  /** @returns what ends it */
  readonly begin: (setting: Setting) => Promise<() => unknown>;
}

/** The session time-out is 4 s. */
export const faults: readonly Fault[] = [
  { name: "server killed with -9, back after 2 s", lasts: 2_000, smoke: true, begin: kill },
  { name: "server killed with -9, back after 15 s", lasts: 15_000, begin: kill },
  { name: "network refuses for 2 s, less than the session time-out", lasts: 2_000, smoke: true, begin: network("refuse") },
  { name: "network refuses for 12 s, longer than the session time-out", lasts: 12_000, begin: network("refuse") },
  { name: "network is a black hole for 40 s", lasts: 40_000, silent: true, begin: network("black-hole") },
  {
    name: "server suspended (SIGSTOP) for 25 s",
    lasts: 25_000,
    silent: true,
    begin: async ({ connected: server }) => {
      server.suspend();
      return () => server.resume();
    },
  },
  {
    name: "connection broken, and every other server of the list mute",
    lasts: 0,
    smoke: true,
    begin: async (setting) => {
      await setting.muteOthers();
      return () => setting.disconnect();
    },
  },
  {
    name: "every answer 1 s late, for 10 s",
    lasts: 10_000,
    begin: async (setting) => {
      setting.delay(1_000);
      return () => setting.delay(0);
    },
  },
  {
    name: "cut in mid-frame: of a ping's answer, of a greeting, of a listing",
    lasts: 0,
    smoke: true,
    begin: async (setting) => {
      for (const bytes of [5, 30, 3_000]) await setting.cutAfter(bytes);
      return () => {};
    },
  },
  {
    name: "leader killed with -9, back after 10 s",
    lasts: 10_000,
    smoke: true,
    ensemble: true,
    begin: async ({ ensemble }) => {
      const leader = await ensemble.leader();
      await leader.kill();
      return () => ensemble.restart([leader]);
    },
  },
  {
    name: "quorum lost for 15 s",
    lasts: 15_000,
    ensemble: true,
    begin: async ({ ensemble, connected }) => {
      // The server in use stays: it lives, and has to say that it cannot serve.
      const others = ensemble.members.filter((member) => member !== connected);
      await Promise.all(others.map((member) => member.kill()));
      return () => ensemble.restart(others);
    },
  },
  {
    name: "all servers killed with -9 and restarted",
    lasts: 2_000,
    smoke: true,
    ensemble: true,
    begin: async ({ ensemble }) => {
      await ensemble.kill();
      return () => ensemble.restart(ensemble.members);
    },
  },
];

async function kill({ ensemble, connected: server }: Setting): Promise<() => unknown> {
  await server.kill();
  return () => ensemble.restart([server]);
}

function network(mode: "refuse" | "black-hole"): Fault["begin"] {
  return async (setting) => {
    await setting.network(mode);
    return () => setting.network("pass");
  };
}
