/**
 * A second, independent decoder of what Tributary sends: google-protobuf's reader, and field tables
 * written down here by hand, so that an error in our schemas or in protobuf-es cannot hide itself.
 * A field that is not in a table is an error: we send nothing that we do not mean to send.
 */
import jspb from "google-protobuf";

export interface DecodedResponse {
  readonly versionInfo: string;
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly DecodedResource[];
}

export interface DecodedResource {
  /** "namespace/name" */
  readonly name: string;
  readonly version: string;
  /** Epoch seconds. */
  readonly createTime: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly kind: "ServiceEntry" | "WorkloadEntry" | "Sidecar";
  /** Field names as in protobuf-es, enums as numbers, absent messages left out. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The bytes that `spec` was read from. */
  readonly body: Uint8Array;
}

type Reader = jspb.BinaryReader;
type Fields = Readonly<Record<number, Field>>;
interface Field {
  readonly name: string;
  /** Value when absent; undefined leaves the property out. */
  initial(): unknown;
  read(reader: Reader, before: unknown): unknown;
}

/** Decodes a DiscoveryResponse whose resources are istio.mcp.v1alpha1.Resource. `bytes` may also be framed resources alone. */
export function decodeDiscoveryResponse(bytes: Uint8Array): DecodedResponse {
  const { versionInfo, typeUrl, nonce, resources } = decode(discoveryResponse, bytes) as unknown as Omit<DecodedResponse, "resources"> & {
    resources: DecodedAny[];
  };
  return { versionInfo, typeUrl, nonce, resources: resources.map(decodeResource) };
}

export interface DecodedDelta {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly systemVersionInfo: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    /** Of the Any: the envelope, or the response's own type. */
    readonly typeUrl: string;
    readonly value: Uint8Array;
  }[];
  readonly removedResources: readonly string[];
}

/** Decodes a DeltaDiscoveryResponse. */
export function decodeDeltaResponse(bytes: Uint8Array): DecodedDelta {
  const { resources, ...response } = decode(deltaResponse, bytes) as unknown as Omit<DecodedDelta, "resources"> & {
    resources: { name: string; version: string; resource: DecodedAny }[];
  };
  return { ...response, resources: resources.map(({ name, version, resource }) => ({ name, version, ...resource })) };
}

/** Decodes an istio.mcp.v1alpha1.Resource. */
export function decodeEnvelope(value: Uint8Array): DecodedResource {
  return decodeResource({ typeUrl: "type.googleapis.com/istio.mcp.v1alpha1.Resource", value });
}

/** Decodes a ServiceEntry, WorkloadEntry or Sidecar without its envelope. */
export function decodeSpec(kind: DecodedResource["kind"], bytes: Uint8Array): DecodedResource["spec"] {
  return decode(bodies[kind]!, bytes);
}

/** Decodes one `google.protobuf.Any` that holds an istio.mcp.v1alpha1.Resource. */
export function decodeResourceAny(bytes: Uint8Array): DecodedResource {
  return decodeResource(decode(any, bytes) as unknown as DecodedAny);
}

interface DecodedAny {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function decodeResource({ typeUrl, value }: DecodedAny): DecodedResource {
  if (typeUrl !== "type.googleapis.com/istio.mcp.v1alpha1.Resource") throw new Error(`unexpected resource type ${typeUrl}`);
  const { metadata, body } = decode(mcpResource, value) as unknown as {
    metadata: Omit<DecodedResource, "createTime"> & { createTime: { seconds: number } };
    body: DecodedAny;
  };
  const kind = body.typeUrl.replace("type.googleapis.com/istio.networking.v1alpha3.", "") as DecodedResource["kind"];
  const fields = bodies[kind];
  if (fields === undefined) throw new Error(`unexpected body type ${body.typeUrl}`);
  return { ...metadata, createTime: metadata.createTime.seconds, kind, spec: decode(fields, body.value), body: body.value };
}

function decode(fields: Fields, bytes: Uint8Array): Record<string, unknown> {
  return readFields(fields, new jspb.BinaryReader(bytes));
}

function readFields(fields: Fields, reader: Reader): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of Object.values(fields)) {
    const initial = field.initial();
    if (initial !== undefined) result[field.name] = initial;
  }
  while (reader.nextField() && !reader.isEndGroup()) {
    const field = fields[reader.getFieldNumber()];
    if (field === undefined) throw new Error(`unexpected field ${reader.getFieldNumber()}`);
    result[field.name] = field.read(reader, result[field.name]);
  }
  return result;
}

function readMessage(fields: Fields, reader: Reader): Record<string, unknown> {
  return decode(fields, reader.readBytes());
}

const string = (name: string): Field => ({ name, initial: () => "", read: (reader) => reader.readString() });
const bytes = (name: string): Field => ({ name, initial: () => new Uint8Array(), read: (reader) => reader.readBytes() });
const uint32 = (name: string): Field => ({ name, initial: () => 0, read: (reader) => reader.readUint32() });
const int64 = (name: string): Field => ({ name, initial: () => 0, read: (reader) => reader.readInt64() });
const enumeration = (name: string): Field => ({ name, initial: () => 0, read: (reader) => reader.readEnum() });
const message = (name: string, fields: Fields): Field => ({
  name,
  initial: () => undefined,
  read: (reader) => readMessage(fields, reader),
});
const strings = (name: string): Field => ({
  name,
  initial: () => [],
  read: (reader, before) => [...(before as string[]), reader.readString()],
});
/** Appends in place: a response may hold ten thousand items. */
const messages = (name: string, fields: Fields): Field => ({
  name,
  initial: () => [],
  read: (reader, before) => {
    (before as unknown[]).push(readMessage(fields, reader));
    return before;
  },
});
const map = (name: string, value: (name: string) => Field): Field => ({
  name,
  initial: () => ({}),
  read: (reader, before) => {
    const entry = readMessage({ 1: string("key"), 2: value("value") }, reader);
    return { ...(before as object), [entry.key as string]: entry.value };
  },
});

const any: Fields = { 1: string("typeUrl"), 2: bytes("value") };
const timestamp: Fields = { 1: int64("seconds"), 2: uint32("nanos") };
const discoveryResponse: Fields = {
  1: string("versionInfo"),
  2: messages("resources", any),
  4: string("typeUrl"),
  5: string("nonce"),
  6: message("controlPlane", { 1: string("identifier") }),
};
const deltaResponse: Fields = {
  1: string("systemVersionInfo"),
  2: messages("resources", { 1: string("version"), 2: message("resource", any), 3: string("name") }),
  4: string("typeUrl"),
  5: string("nonce"),
  6: strings("removedResources"),
  7: message("controlPlane", { 1: string("identifier") }),
};
const metadata: Fields = {
  1: string("name"),
  2: message("createTime", timestamp),
  3: string("version"),
  4: map("labels", string),
  5: map("annotations", string),
};
const mcpResource: Fields = { 1: message("metadata", metadata), 2: message("body", any) };

const selector: Fields = { 1: map("labels", string) };
const workloadEntry: Fields = {
  1: string("address"),
  2: map("ports", uint32),
  3: map("labels", string),
  4: string("network"),
  5: string("locality"),
  6: uint32("weight"),
  7: string("serviceAccount"),
};
const serviceEntry: Fields = {
  1: strings("hosts"),
  2: strings("addresses"),
  3: messages("ports", { 1: uint32("number"), 2: string("protocol"), 3: string("name"), 4: uint32("targetPort") }),
  4: enumeration("location"),
  5: enumeration("resolution"),
  6: messages("endpoints", workloadEntry),
  7: strings("exportTo"),
  8: strings("subjectAltNames"),
  9: message("workloadSelector", selector),
};
const sidecarPort: Fields = { 1: uint32("number"), 2: string("protocol"), 3: string("name") };
const sidecar: Fields = {
  1: message("workloadSelector", selector),
  2: messages("ingress", {
    1: message("port", sidecarPort),
    2: string("bind"),
    3: enumeration("captureMode"),
    4: string("defaultEndpoint"),
  }),
  3: messages("egress", { 1: message("port", sidecarPort), 2: string("bind"), 3: enumeration("captureMode"), 4: strings("hosts") }),
  4: message("outboundTrafficPolicy", { 1: enumeration("mode") }),
};
const bodies: Readonly<Record<string, Fields>> = { ServiceEntry: serviceEntry, WorkloadEntry: workloadEntry, Sidecar: sidecar };
