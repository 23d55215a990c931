/** Sessions of the `kubernetes` kind with short times, and fake API servers for them to suffer from. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ClusterCredential } from "../../../src/clusters/credential.ts";
import { kubernetesKind } from "../../../src/registries/kubernetes/services/kind.ts";
import { start } from "../../../src/registries/kubernetes/services/session.ts";
import type { KubernetesSettings } from "../../../src/registries/kubernetes/services/settings.ts";
import { FakeKubernetes } from "../../support/fake-kubernetes/server.ts";
import { type ServiceOptions, type SliceOptions, serviceObject, sliceObject } from "../../support/kubernetes-objects.ts";
import { RecordedSession } from "../../support/recorded-session.ts";

export const slices = "endpointslices.discovery.k8s.io";

export async function fakeCluster(context: TestContext, tls?: ConstructorParameters<typeof FakeKubernetes>[0]): Promise<FakeKubernetes> {
  const fake = await FakeKubernetes.start(tls);
  context.after(() => fake.shutDown());
  return fake;
}

export function credentialOf(fake: FakeKubernetes, more: Partial<ClusterCredential> = {}): ClusterCredential {
  return { id: "east", server: fake.url, priority: 0, ...more };
}

/** A heartbeat that a busy machine does not miss, unless a test wants another one. */
export function settingsOf(credential: ClusterCredential, more: Partial<KubernetesSettings> = {}): KubernetesSettings {
  return {
    ...kubernetesKind.schema.parse({}),
    heartbeat: 5_000,
    request: 5_000,
    watch: 30_000,
    relist: 600_000,
    cluster: credential,
    ...more,
  };
}

export function open(context: TestContext, settings: KubernetesSettings, known: readonly string[] = []): RecordedSession {
  const schema = { parse: (value: unknown) => value } as never;
  const recorded = new RecordedSession(settings as unknown as Record<string, unknown>, known, { schema, start });
  context.after(() => recorded.session.close());
  return recorded;
}

/** A Service with these addresses, the last number telling them apart: `10.0.0.7`. */
export function put(
  fake: FakeKubernetes,
  name: string,
  numbers: readonly number[],
  service: ServiceOptions = {},
  slice: SliceOptions = {},
): void {
  const endpoints = numbers.map((number) => ({ address: `10.0.0.${number}` }));
  const { namespace = "shop" } = service;
  fake.objects.put(slices, sliceObject(name, { namespace, endpoints, ...slice }));
  fake.objects.put("services", serviceObject(name, service));
}

/** `7,8` for a Service with `10.0.0.7` and `10.0.0.8`; undefined if it is not told. */
export function numbers(recorded: RecordedSession, name: string, namespace = "shop"): string | undefined {
  const instances = recorded.view.get(`service/${namespace}||${name}|`)?.instances;
  return instances?.map(({ address }) => address.replace("10.0.0.", "")).join();
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

/** Complete lists that a server was asked for. */
export function lists(fake: FakeKubernetes, resource: string): number {
  return fake.calls.filter((call) => call.verb === "list" && call.resource === resource && call.query.get("limit") !== "1").length;
}
