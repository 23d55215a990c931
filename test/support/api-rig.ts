/** The admin API of a real pipeline over `file` registries, on a port of its own; no xDS server. */
import type { TestContext } from "node:test";
import type { Inspection } from "../../src/admin/api/inspection.ts";
import { ApiServer } from "../../src/admin/api-server.ts";
import { type LoadedConfig, loadConfig } from "../../src/config/load.ts";
import { type Logger, silentLogger } from "../../src/log/logger.ts";
import { kinds } from "../../src/registries/kinds.ts";
import { adminViews } from "../../src/runtime/admin-views.ts";
import { configOptions } from "../../src/runtime/config-options.ts";
import { inspectionOf } from "../../src/runtime/inspection.ts";
import { LiveConfig } from "../../src/runtime/live-config.ts";
import { Operator } from "../../src/runtime/operator/operator.ts";
import { Pipeline } from "../../src/runtime/pipeline.ts";
import { RunTimeChanges } from "../../src/runtime/run-time-changes.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

export interface ApiRig {
  readonly pipeline: Pipeline;
  /** Where the configuration and the registries' files lie. */
  readonly folder: TempFolder;
  readonly live: LiveConfig;
  readonly loaded: LoadedConfig;
  readonly port: number;
  /** Registry configurations of the running process, to be changed into a candidate. */
  readonly registries: readonly Record<string, unknown>[];
  /** Calls a method with JSON, as curl would; gives the answer's JSON, an error's too. Of AdminService, unless it names another service. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at JSON as it comes
  call(method: string, body: object): Promise<any>;
  /** The same of OperationsService; gives the HTTP status as well. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at JSON as it comes
  operate(method: string, body: object, headers?: Record<string, string>): Promise<{ status: number; json: any }>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

export interface ApiRigOptions {
  /** By registry id: its services. */
  readonly services: Readonly<Record<string, readonly object[]>>;
  readonly config?: object;
  /** Replaces views of the rooms. */
  readonly inspection?: Partial<Inspection>;
  readonly log?: Logger;
}

/** Starts when everything is served. */
export async function apiRig(t: TestContext, { services, config = {}, inspection, log = silentLogger }: ApiRigOptions): Promise<ApiRig> {
  const folder = tempFolder(t);
  const registries = Object.entries(services).map(([id, list]) => {
    folder.write(`${id}.json`, JSON.stringify({ services: list }));
    return { id, type: "file", path: `./${id}.json` };
  });
  const loaded = loadConfig(folder.write("tributary.yaml", JSON.stringify({ registries, ...config })), { kinds });
  const pipeline = new Pipeline(loaded.config, silentLogger);
  const live = new LiveConfig(loaded, { parse: configOptions, log });
  live.follow((diff, next) => pipeline.reload(diff, next.config));
  t.after(() => live.close());
  t.after(() => pipeline.stop());
  await new Promise<void>((resolve) => pipeline.completeness.whenComplete(() => resolve()));
  const rooms = {
    pipeline,
    views: adminViews(
      pipeline,
      () => undefined,
      (text) => text,
    ),
    version: "1.2.3",
    xds: () => undefined,
    listening: () => ({ metrics: { address: "127.0.0.1", port: 16020 } }),
    loaded: () => live.loaded,
  };
  const server = new ApiServer({
    settings: { address: "127.0.0.1", port: 0 },
    inspection: { ...inspectionOf(rooms), ...inspection },
    changes: new RunTimeChanges({ live, log, discovered: () => undefined }),
    operations: new Operator(pipeline, log),
    log,
  });
  t.after(() => server.close());
  const { port } = await server.listen();
  const origin = `http://127.0.0.1:${port}`;
  return {
    pipeline,
    folder,
    live,
    loaded,
    port,
    registries,
    async call(method, body) {
      const answer = await fetch(`${origin}/tributary.admin.v1.${method.includes("/") ? method : `AdminService/${method}`}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return await answer.json();
    },
    async operate(method, body, headers = {}) {
      const answer = await fetch(`${origin}/tributary.admin.v1.OperationsService/${method}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body),
      });
      const text = await answer.text();
      return { status: answer.status, json: text.startsWith("{") ? JSON.parse(text) : text };
    },
    get: (path, headers = {}) => fetch(`${origin}${path}`, { headers }),
  };
}

/** A service of a file with one declared HTTP port and instances at these addresses. */
export function httpService(name: string, addresses: readonly string[], more: object = {}): object {
  return { name, ports: [{ name: "http", number: 80, protocol: "http" }], instances: addresses.map((address) => ({ address })), ...more };
}

/** A service of a file whose instances tell their own Dubbo port. */
export function dubboService(name: string, places: readonly string[], more: object = {}): object {
  const instances = places.map((place) => {
    const [address, port = "20880"] = place.split(":");
    return { address, ports: [{ number: Number(port), protocol: "dubbo" }] };
  });
  return { name, instances, ...more };
}
