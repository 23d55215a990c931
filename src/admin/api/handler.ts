/** Answers what comes in on the admin port: the API by Connect, everything else by the pages for people. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ConnectError, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AdminService } from "../../gen/tributary/admin/v1/admin_pb.ts";
import { OperationsService } from "../../gen/tributary/admin/v1/operations_pb.ts";
import type { Logger } from "../../log/logger.ts";
import { debugPages } from "../debug-pages.ts";
import type { Operations } from "../operations.ts";
import { adminMethods } from "./admin-methods.ts";
import { callerValues } from "./caller.ts";
import type { Inspection } from "./inspection.ts";
import { operationsMethods } from "./operations-methods.ts";

/** Answers a request. Rejects when that failed, and the response may then be unfinished. */
export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A candidate configuration of 1 MiB whose every character is escaped, and then some. */
const maxRequestBytes = 4 * 1024 * 1024;

/** Every method lies below it. */
const packagePath = `/${AdminService.typeName.replace(/[^.]*$/, "")}`;

/** `operations`: absent, nothing can be said to the process. */
export function apiHandler(inspection: Inspection, log: Logger, operations?: Operations): ApiHandler {
  const methods = adminMethods(inspection);
  const pages = debugPages(inspection);
  const connect = connectNodeAdapter({
    routes(router) {
      router.service(AdminService, methods);
      if (operations !== undefined) router.service(OperationsService, operationsMethods(inspection, operations));
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
    else await pages(request, response);
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
