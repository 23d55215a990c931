/**
 * Tells a warm istiod from a cold one by its ports: it opens those of its own xDS and webhooks only
 * after it was answered for every type, while its HTTP ports serve before that (observed).
 */
import { connect } from "node:net";
import type { Temperature } from "../first-answer.ts";

// Not imported: an import reads every export of it, and some of those load a whole web client (25 ms of the start).
const { get } = process.getBuiltinModule("node:http");

export interface IstiodPorts {
  /** Open only in a synced istiod: 15010, 15012, 15017. */
  readonly istiodPorts: readonly number[];
  /** HTTP, open from the start: 8080, 15014. */
  readonly istiodHttpPorts: readonly number[];
}

/** An istiod that listens on all addresses may have only one of the two families. */
const hosts = ["127.0.0.1", "::1"];
const patienceMs = 1_000;

/** `warm` if any istiod port accepts; `cold` if an HTTP port answers and none of those accepts; anything else is `warm`. */
export async function probeIstiod(ports: IstiodPorts): Promise<Temperature> {
  const [accepting, answering] = await Promise.all([anyOf(ports.istiodPorts, accepts), anyOf(ports.istiodHttpPorts, answersHttp)]);
  return !accepting && answering ? "cold" : "warm";
}

async function anyOf(ports: readonly number[], test: (host: string, port: number) => Promise<boolean>): Promise<boolean> {
  const results = await Promise.all(ports.flatMap((port) => hosts.map((host) => test(host, port))));
  return results.includes(true);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    // Neither accepted nor refused: something is there, and the safe verdict is warm.
    socket.once("timeout", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

function answersHttp(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host, port, path: "/ready", agent: false, timeout: patienceMs });
    const settle = (result: boolean) => {
      request.destroy();
      resolve(result);
    };
    request.once("response", () => settle(true));
    request.once("timeout", () => settle(false));
    request.on("error", () => settle(false));
  });
}
