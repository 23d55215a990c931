/** Sessions with short time-outs, and fake servers for them to suffer from. */
import type { TestContext } from "node:test";
import type { ServerCredentials } from "@grpc/grpc-js";
import { nacosKind } from "../../../src/registries/nacos/kind.ts";
import { start } from "../../../src/registries/nacos/session.ts";
import { FakeNacos } from "../../support/fake-nacos/server.ts";
import { RecordedSession } from "../../support/recorded-session.ts";

export async function fakeServer(
  context: TestContext,
  changes: Partial<FakeNacos> = {},
  credentials?: ServerCredentials,
): Promise<FakeNacos> {
  const fake = Object.assign(await FakeNacos.start(credentials), changes);
  context.after(() => fake.shutDown());
  return fake;
}

/** @param servers of which all have the same distance between their ports, or one */
export function open(
  context: TestContext,
  fake: Pick<FakeNacos, "port" | "grpcPortOffset">,
  settings: Readonly<Record<string, unknown>> = {},
  known: readonly string[] = [],
): RecordedSession {
  const recorded = new RecordedSession(
    {
      servers: `127.0.0.1:${fake.port}`,
      grpcPortOffset: fake.grpcPortOffset,
      transport: "grpc",
      listInterval: "1s",
      connectTimeout: "2s",
      requestTimeout: "2s",
      healthCheckInterval: "200ms",
      ...settings,
    },
    known,
    { schema: nacosKind.schema, start },
  );
  context.after(() => recorded.session.close());
  return recorded;
}

/** One host per number. */
export function hosts(...numbers: number[]): { ip: string; port: number }[] {
  return numbers.map((number) => ({ ip: `10.0.0.${number}`, port: 8080 }));
}

/** Addresses of a service in the view; undefined if it is not there. @param key `namespace|group|name|version` */
export function addresses(recorded: RecordedSession, key: string): string[] | undefined {
  return recorded.view.get(`service/${key}`)?.instances.map(({ address }) => address);
}

/** Warnings so far. */
export function warnings(recorded: RecordedSession): string[] {
  return recorded.told.flatMap(({ what, text }) => (what === "log" && text.startsWith("warn: ") ? [text.slice("warn: ".length)] : []));
}
