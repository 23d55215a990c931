/**
 * The aggregated discovery service as grpc-js wants it described. Messages pass as bytes: the
 * server splices encoded resources and must decode requests itself to say what is wrong with one.
 */
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

const identity = (bytes: Buffer): Buffer => bytes;

function stream(method: string): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${method}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

/** Full state of a type in every response. */
export const streamAggregatedResources = stream("StreamAggregatedResources");
/** Changes only. */
export const deltaAggregatedResources = stream("DeltaAggregatedResources");

export const discoveryService = {
  StreamAggregatedResources: streamAggregatedResources,
  DeltaAggregatedResources: deltaAggregatedResources,
} as const satisfies ServiceDefinition;
