/** What a delta client holds of us, as one state that can be compared with another one. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { ResourceSchema } from "../../../src/gen/istio/mcp/v1alpha1/resource_pb.ts";
import { ServiceEntrySchema } from "../../../src/gen/istio/networking/v1alpha3/networking_pb.ts";
import { DeltaClient } from "../../support/delta-client.ts";
import { istiodNode } from "../../support/xds-probe.ts";

/** With its metadata: what istiod is told, not only the ServiceEntry in it. */
const serviceEntries = "networking.istio.io/v1/ServiceEntry";

export interface ServedEntry {
  readonly version: string;
  /** Everything but the version, as it was sent. */
  readonly content: string;
  /** `host address:port` */
  readonly endpoints: readonly string[];
}

export type ServedState = ReadonlyMap<string, ServedEntry>;

export function stateOf(client: DeltaClient): ServedState {
  return new Map([...client.held(serviceEntries)].map(([name, { version, resource }]) => [name, entryOf(version, resource.value)]));
}

/** Asks as istiod does, which is told nothing before the view is complete. */
export function askAsIstiod(target: string): DeltaClient {
  const client = new DeltaClient({ target, node: istiodNode });
  client.subscribe(serviceEntries);
  return client;
}

/** The state as an istiod is told it that knows nothing. */
export async function firstAnswer(target: string): Promise<ServedState> {
  using client = askAsIstiod(target);
  await client.waitFor(({ responses }) => responses.length > 0, 20_000);
  return stateOf(client);
}

function entryOf(version: string, bytes: Uint8Array): ServedEntry {
  const { metadata, body } = fromBinary(ResourceSchema, bytes);
  const content = toBinary(ResourceSchema, create(ResourceSchema, { metadata: { ...metadata!, version: "" }, body: body! }));
  const entry = anyUnpack(body!, ServiceEntrySchema)!;
  const number = entry.ports[0]?.number;
  return {
    version,
    content: Buffer.from(content).toString("latin1"),
    endpoints: entry.endpoints.map(({ address, ports }) => `${entry.hosts[0]} ${address}:${Object.values(ports)[0] ?? number}`),
  };
}

/** What is held of `before` and not of `now`, in words. */
export function lost(before: ServedState, now: ServedState): string[] {
  return [...before].flatMap(([name, { endpoints }]) => {
    const left = new Set(now.get(name)?.endpoints);
    return now.has(name) ? endpoints.filter((endpoint) => !left.has(endpoint)) : [`${name} as a whole`];
  });
}

/** Names whose content is as before and whose version is not. */
export function versionedAnew(before: ServedState, now: ServedState): string[] {
  return [...before]
    .filter(([name, { version, content }]) => now.get(name)?.content === content && now.get(name)?.version !== version)
    .map(([name]) => name);
}
