/** Services of a Kubernetes cluster and their EndpointSlices, and changes of single slices that carry a marker. */
import { serviceObject, sliceObject } from "../../support/kubernetes-objects.ts";
import { markerAddress } from "./marker.ts";

const namespace = "shop";
const ports = [{ name: "http", port: 8080 }];

export interface ClusterSize {
  readonly services: number;
  readonly endpoints: number;
}

/** By path. @param cluster tells the addresses of several apart: 0 … 63 */
export function servicesOf({ services, endpoints }: ClusterSize, cluster = 0): Map<string, object> {
  const objects = new Map<string, object>();
  for (let number = 0; number < services; number += 1) {
    const name = `service-${number}`;
    objects.set(slicePath(name), slice(name, addressesOf(number, endpoints, cluster)));
    objects.set(`/api/v1/namespaces/${namespace}/services/${name}`, serviceObject(name, { namespace }));
  }
  return objects;
}

/** A service's slice with one more endpoint, which carries the marker. */
export function markedSlice({ endpoints }: ClusterSize, number: number, marker: number, cluster = 0): { path: string; object: object } {
  const name = `service-${number}`;
  return { path: slicePath(name), object: slice(name, [...addressesOf(number, endpoints, cluster), markerAddress(marker)]) };
}

function slicePath(service: string): string {
  return `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices/${service}-1`;
}

/** As a cluster writes them: with a node and a zone each. */
function slice(name: string, addresses: readonly string[]): object {
  const endpoints = addresses.map((address, at) => ({
    address,
    zone: `eu-central-1${"abc"[at % 3]}`,
    nodeName: `node-${at}.eu-central-1`,
  }));
  return sliceObject(name, { namespace, ports, endpoints });
}

function addressesOf(number: number, endpoints: number, cluster: number): string[] {
  return Array.from({ length: endpoints }, (_, at) => {
    const address = cluster * 262_144 + number * endpoints + at;
    return `10.${(address >> 16) & 255}.${(address >> 8) & 255}.${address & 255}`;
  });
}
