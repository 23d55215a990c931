/** The decoder `json-services`: a pod's services as JSON, plain or in base64. The format is described in docs/registries/pods.md. */
import { decodeBase64, decodeUtf8 } from "./base64.ts";
import { type OfferedService, readServices } from "./offered-service.ts";
import type { Carrier, Decode, Offer } from "./registrations.ts";

export const decodeJsonServices: Decode = (payload, carrier, report) => {
  const document = parseJson(payload);
  if (typeof document === "string") return document;
  const services = readServices(document.value, "", report);
  if (typeof services === "string") return services;
  const offers = new Map(services.map((service) => offerOf(service, carrier)));
  return { offers: [...offers.values()], calls: [] };
};

/** The value, or in words why there is none. */
export function parseJson(payload: string): { readonly value: unknown } | string {
  let text: string | undefined = payload;
  if (!/^\s*[[{]/.test(payload)) {
    const bytes = decodeBase64(payload.trim());
    if (bytes === undefined) return "it is neither JSON nor base64";
    text = decodeUtf8(bytes);
    if (text === undefined) return "its bytes are not UTF-8";
  }
  try {
    return { value: JSON.parse(text) };
  } catch {
    return "its text is not JSON";
  }
}

/** The later of two entries of one service and place counts. */
function offerOf(service: OfferedService, { namespace, addresses }: Carrier): readonly [string, Offer] {
  const { hosts, ports, weight, labels, annotations } = service;
  // Like a Kubernetes Service, it is its namespace's own, unless it says otherwise.
  const key = { namespace, ...service.key };
  const address = service.address ?? addresses[0]!;
  const id = `${address.includes(":") ? `[${address}]` : address}:${ports[0]!.number}`;
  const instance = { id, address, ports, ...(weight !== undefined && { weight }), ...(labels && { labels }) };
  return [JSON.stringify([key, id]), { key, ...(hosts.length > 0 && { hosts }), ...(annotations && { annotations }), instance }];
}
