/**
 * Answers to `istioctl x internal-debug` and `istioctl proxy-status`, which ask on the full-state stream: a page by
 * its name, whose text comes back in place of a resource's bytes.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { DiscoveryResponseSchema } from "../../gen/envoy/service/discovery/v3/discovery_pb.ts";

/** A page's text, mostly JSON; undefined: there is none of this name. */
export type DebugPages = (name: string) => string | undefined;

const pageType = "istio.io/debug";
/** The types whose answers begin with who answers: pages, and the state of proxies, of which we have none. */
const debugTypes: ReadonlySet<string> = new Set([pageType, "istio.io/debug/syncz"]);
/** Pages in one answer. */
const maxPages = 10;

export function isDebugType(typeUrl: string): boolean {
  return debugTypes.has(typeUrl);
}

/** The `resources` fields of the answer. An unknown name is answered as istioctl expects it, which then asks for the list. */
export function debugResources(typeUrl: string, names: Iterable<string>, pages: DebugPages): Uint8Array[] {
  if (typeUrl !== pageType) return [];
  return [...names].slice(0, maxPages).map((name) => {
    const value = Buffer.from(pages(name) ?? "404 page not found");
    return toBinary(DiscoveryResponseSchema, create(DiscoveryResponseSchema, { resources: [{ typeUrl, value }] }));
  });
}

/** Who answers, in the form that istioctl reads. @param identity such as `tributary/0.1.0` */
export function debugIdentity(identity: string): string {
  const [component, version] = identity.split("/", 2);
  return JSON.stringify({ Component: component, ID: identity, Info: { version } });
}
