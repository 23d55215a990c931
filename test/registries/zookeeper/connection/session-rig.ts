/** Sessions with short time-outs, and fake servers for them to suffer from. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { TlsOptions } from "node:tls";
import { FakeZooKeeper } from "../../../support/fake-zookeeper/server.ts";
import { RecordedSession, type Told } from "../../../support/recorded-session.ts";
import { providerNode } from "../../../support/zookeeper-writer.ts";

export const orders = "com.acme.Orders";

export async function fakeServer(context: TestContext, tls?: TlsOptions): Promise<FakeZooKeeper> {
  const fake = await FakeZooKeeper.start(tls);
  fake.maxSessionTimeout = 900;
  context.after(() => fake.shutDown());
  return fake;
}

/** @param servers ports on loopback, or what a user would write */
export function open(context: TestContext, servers: readonly (number | string)[], settings: Record<string, unknown> = {}): RecordedSession {
  const recorded = new RecordedSession({
    servers: servers.map((server) => (typeof server === "number" ? `127.0.0.1:${server}` : server)),
    sessionTimeout: "900ms",
    connectTimeout: "300ms",
    consumers: false,
    rules: false,
    ...settings,
  });
  context.after(() => recorded.session.close());
  return recorded;
}

export function register(fake: FakeZooKeeper, name: string, address: string): void {
  fake.nodes.ensure(`/dubbo/${name}/providers`);
  fake.nodes.create(`/dubbo/${name}/providers/${providerNode(name, { address, port: 20880 })}`);
}

export function nothingLost(recorded: RecordedSession): void {
  assert.equal(recorded.count("removed"), 0);
  const most = new Map<string, number>();
  for (const { text, service } of recorded.told) {
    if (!service) continue;
    assert.ok(service.instances.length >= (most.get(text) ?? 0), `${text} does not shrink`);
    most.set(text, service.instances.length);
  }
}

/** The waits before new attempts so far, in ms. */
export function waits(recorded: RecordedSession): number[] {
  return recorded.told.flatMap(({ fields }) => (typeof fields?.retryInMs === "number" ? [fields.retryInMs] : []));
}

/** Warnings so far. */
export function warnings(recorded: RecordedSession): string[] {
  return recorded.told.flatMap(({ what, text }) => (what === "log" && text.startsWith("warn: ") ? [text.slice("warn: ".length)] : []));
}

/** Said at any time: on a busy machine a handshake may be given up before. */
export function says(recorded: RecordedSession, reason: RegExp): boolean {
  return recorded.told.some(({ what, text }) => what === "unreachable" && reason.test(text));
}

/** Resolves when it was said, with a long wait before the next attempt. */
export async function refused(recorded: RecordedSession, reason: RegExp): Promise<void> {
  const isRefusal = ({ what, text, fields }: Told) => what === "log" && reason.test(text) && Number(fields?.retryInMs) >= 2_500;
  await recorded.until("the refusal", () => says(recorded, reason) && recorded.told.some(isRefusal));
}
