/** AdminService.Dump: a page of what is served. Pages follow the order of names, so that changes between them neither hide nor repeat what stayed. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type DumpRequest, type DumpResponse, DumpResponseSchema, type IstioObjectSchema } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { ownedTypes, type ResourceTable, type Snapshot, type TypeKey } from "../../snapshot/snapshot.ts";
import { istioObject } from "./istio-object.ts";

const defaultPage = 100;
const largestPage = 500;
/** A page ends with the object that reaches this many encoded bytes: less than 10 ms of work. */
const maxPageBytes = 64 * 1024;
const networking = "networking.istio.io/";

/** @throws ConnectError InvalidArgument */
export function dumpPage(snapshot: Snapshot, request: Pick<DumpRequest, "kind" | "namespace" | "pageSize" | "pageToken">): DumpResponse {
  const { kind, namespace, pageToken, pageSize } = request;
  const types = typesOf(kind);
  if (pageSize > largestPage) throw new ConnectError(`\`pageSize\` is more than ${largestPage}`, Code.InvalidArgument);
  const wanted = pageSize || defaultPage;
  const after = pageToken === "" ? undefined : readToken(pageToken);
  const objects: MessageInitShape<typeof IstioObjectSchema>[] = [];
  let bytes = 0;
  for (const type of types) {
    if (after !== undefined && ownedTypes.indexOf(type) < ownedTypes.indexOf(after.type)) continue;
    const table = snapshot.table(type);
    for (const name of namesAfter(table, after?.type === type ? after.name : "", namespace)) {
      const entry = table.get(name);
      const object = entry && istioObject(type, entry);
      if (entry === undefined || object === undefined) continue;
      objects.push(object);
      bytes += entry.framed.byteLength;
      if (objects.length < wanted && bytes < maxPageBytes) continue;
      return create(DumpResponseSchema, { objects, nextPageToken: writeToken(type, name), stateDigest: snapshot.digest });
    }
  }
  return create(DumpResponseSchema, { objects, stateDigest: snapshot.digest });
}

function typesOf(kind: string): readonly TypeKey[] {
  if (kind === "") return ownedTypes;
  const types = ownedTypes.filter((type) => type.toLowerCase() === `${networking}${kind}`.toLowerCase());
  if (types.length > 0) return types;
  const known = ownedTypes.map((type) => type.slice(networking.length)).join(", ");
  throw new ConnectError(`\`kind\` is none of ${known}`, Code.InvalidArgument);
}

/** Sorted names of a table; tables never change, so this is made once for each that is asked for. */
const sortedNames = new WeakMap<ResourceTable, readonly string[]>();

function* namesAfter(table: ResourceTable, after: string, namespace: string): Iterable<string> {
  let names = sortedNames.get(table);
  if (names === undefined) {
    names = Array.from(table.entries(), ({ name }) => name).sort();
    sortedNames.set(table, names);
  }
  const prefix = namespace === "" ? "" : `${namespace}/`;
  for (let at = firstAfter(names, after < prefix ? prefix : after); at < names.length; at++) {
    const name = names[at] ?? "";
    if (!name.startsWith(prefix)) return;
    yield name;
  }
}

function firstAfter(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function writeToken(type: TypeKey, name: string): string {
  return Buffer.from(`${type.slice(networking.length)}/${name}`).toString("base64url");
}

function readToken(token: string): { type: TypeKey; name: string } {
  const [, kind, name] = /^([^/]+)\/(.+)$/s.exec(Buffer.from(token, "base64url").toString()) ?? [];
  const type = ownedTypes.find((one) => one === `${networking}${kind}`);
  if (type === undefined || name === undefined) throw new ConnectError("`pageToken` is none that this server gave", Code.InvalidArgument);
  return { type, name };
}
