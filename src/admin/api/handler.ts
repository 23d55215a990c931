/** Answers what comes in on the admin port: the API by Connect, everything else by the pages for people. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AdminService } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { ClustersService } from "../../gen/tributary/admin/v1/clusters_pb.ts";
import { OperationsService } from "../../gen/tributary/admin/v1/operations_pb.ts";
import { RegistriesService } from "../../gen/tributary/admin/v1/registries_pb.ts";
import type { Logger } from "../../log/logger.ts";
import type { Changes } from "../changes.ts";
import { debugPages } from "../debug-pages.ts";
import type { Operations } from "../operations.ts";
import { answerPeer, type PeerPages } from "../peer-pages.ts";
import { adminMethods } from "./admin-methods.ts";
import { callerValues } from "./caller.ts";
import { clustersMethods } from "./clusters-methods.ts";
import type { Inspection } from "./inspection.ts";
import { operationsMethods } from "./operations-methods.ts";
import { registriesMethods } from "./registries-methods.ts";

/** Answers a request. Rejects when that failed, and the response may then be unfinished. */
export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A candidate configuration of 1 MiB whose every character is escaped, and then some. */
const maxRequestBytes = 4 * 1024 * 1024;

/** Every method lies below it. */
const packagePath = `/${AdminService.typeName.replace(/[^.]*$/, "")}`;

export interface HandlerRooms {
  readonly inspection: Inspection;
  readonly log: Logger;
  /** Absent: nothing can be changed. */
  readonly changes?: Changes | undefined;
  /** Absent: nothing can be said to the process. */
  readonly operations?: Operations | undefined;
  /** Absent: other replicas are told nothing. */
  readonly peers?: PeerPages | undefined;
}

export function apiHandler({ inspection, log, changes, operations, peers }: HandlerRooms): ApiHandler {
  const methods = adminMethods(inspection);
  const pages = debugPages(inspection);
  const connect = connectNodeAdapter({
    routes(router) {
      router.service(AdminService, methods);
      if (operations !== undefined) router.service(OperationsService, operationsMethods(inspection, operations));
      if (changes === undefined) return;
      router.service(RegistriesService, registriesMethods(inspection, changes));
      router.service(ClustersService, clustersMethods(inspection, changes));
    },
    contextValues: callerValues,
    grpc: false,
    grpcWeb: false,
    // Nothing is decompressed: a few bytes could become many.
    acceptCompression: [],
    interceptors: [tellDefects(log)],
    readMaxBytes: maxRequestBytes,
    maxTimeoutMs: 60_000,
  });
  return async (request, response) => {
    if (request.url?.startsWith(packagePath)) connect(request, response);
    else if (peers === undefined || !(await answerPeer(request, response, peers))) await pages(request, response);
  };
}

/** Clients are told of a defect of ours no more than that there is one. */
function tellDefects(log: Logger): Interceptor {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      const isDefect = !(error instanceof ConnectError) && !request.signal.aborted;
      if (isDefect) log.error({ err: error, method: request.method.name }, "admin request failed");
      throw error;
    }
  };
}
