/** A fake server with a Dubbo root in it, and a session of the `zookeeper` kind that reads it. */
import type { TestContext } from "node:test";
import { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { RecordedSession } from "../../../support/recorded-session.ts";
import { providerNode } from "../../../support/zookeeper-writer.ts";

export const orders = "com.acme.Orders";
export const users = "com.acme.Users";

export async function startFake(context: TestContext, recursiveWatches: boolean): Promise<FakeZooKeeper> {
  const fake = await FakeZooKeeper.start();
  fake.recursiveWatches = recursiveWatches;
  context.after(() => fake.shutDown());
  return fake;
}

export function open(
  context: TestContext,
  fake: FakeZooKeeper,
  settings: Record<string, unknown> = {},
  known: readonly string[] = [],
): RecordedSession {
  const recorded = new RecordedSession({ servers: `127.0.0.1:${fake.port}`, consumers: false, rules: false, ...settings }, known);
  context.after(() => recorded.session.close());
  return recorded;
}

export function providers(name: string): string {
  return `/dubbo/${name}/providers`;
}

export function nodeOf(name: string, host: number): string {
  return `${providers(name)}/${providerNode(name, { address: `10.0.0.${host}`, port: 20880 })}`;
}

export function register(fake: FakeZooKeeper, name: string, ...hosts: number[]): void {
  fake.nodes.ensure(providers(name));
  for (const host of hosts) fake.nodes.create(nodeOf(name, host));
}

/** Of the instances at these hosts. */
export function ids(...hosts: number[]): string[] {
  return hosts.map((host) => `dubbo://10.0.0.${host}:20880`);
}
