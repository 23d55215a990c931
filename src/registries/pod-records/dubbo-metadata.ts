/**
 * The decoder `dubbo-metadata`: what Dubbo for Java writes of its instance with Kubernetes as its registry (annotation
 * `io.dubbo/metadata`). Which services it offers, only the instance itself tells, so the application is the service.
 */
import { applicationService } from "../dubbo/application/application-service.ts";
import { isDubboInstance, readDubboInstance } from "../dubbo/application/dubbo-instance.ts";
import type { Carrier, Decode } from "./registrations.ts";
import { nothing } from "./registrations.ts";

/** What names the application: there it is the name of the Kubernetes Service, of which the pod knows nothing. */
const nameLabels = ["app.kubernetes.io/name", "app"];
/** Bounds for what others write. */
const maxEntries = 64;

export const decodeDubboMetadata: Decode = (payload, carrier) => {
  const metadata = parseMetadata(payload);
  if (typeof metadata === "string") return metadata;
  const name = applicationOf(carrier);
  if (name === undefined) return `the pod has none of the labels ${nameLabels.join(", ")} that name its application`;
  const read = readDubboInstance({ address: carrier.addresses[0]!, port: undefined, metadata, enabled: true, persistent: false }, name);
  if (!isDubboInstance(read)) return read.problem ?? nothing;
  const { key, instances, annotations } = applicationService(name, read.providers);
  return { offers: instances.map((instance) => ({ key, ...(annotations && { annotations }), instance })), calls: [] };
};

function applicationOf({ labels }: Carrier): string | undefined {
  return nameLabels.map((label) => labels[label]).find((name) => name);
}

function parseMetadata(payload: string): Readonly<Record<string, string>> | string {
  let written: unknown;
  try {
    written = JSON.parse(payload);
  } catch {
    return "it is not JSON";
  }
  if (typeof written !== "object" || written === null || Array.isArray(written)) return "its JSON is not an object";
  const texts = Object.entries(written).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(texts.slice(0, maxEntries));
}
