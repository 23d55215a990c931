/**
 * What a version of Nacos answers over HTTP. 2.5 and 3.0 as observed; 1.4 and 3.2, and the shapes of v3 answers, by the
 * server's source.
 */
import type { FakeState } from "./state.ts";

export type FakeVersion = "1.4" | "2.5" | "3.0" | "3.2";

export interface Asked {
  readonly method: string;
  /** Below `/nacos`. */
  readonly path: string;
  /** Query and form. */
  readonly parameters: URLSearchParams;
  readonly user: "nobody" | "user" | "admin";
}

export interface Answer {
  readonly status: number;
  /** An object is sent as JSON. */
  readonly body: object | string;
}

interface Route {
  readonly versions: readonly FakeVersion[];
  /** Who may, on a server that asks who it is; `all`: that, and on 3.x administrators even on one that does not. */
  readonly right: "none" | "read" | "admin";
  readonly answer: (asked: Asked, state: FakeState) => Answer;
}

const early: readonly FakeVersion[] = ["1.4", "2.5"];
const withV1: readonly FakeVersion[] = ["1.4", "2.5", "3.0"];
const withV3: readonly FakeVersion[] = ["3.0", "3.2"];

const ok = (body: object | string): Answer => ({ status: 200, body });
const v3 = (data: unknown): Answer => ok({ code: 0, message: "success", data });

const routes: Readonly<Record<string, Route>> = {
  "/v1/ns/service/list": {
    versions: withV1,
    right: "read",
    answer: ({ parameters }, state) => {
      const names = state.names(text(parameters, "namespaceId", "public"), parameters.get("groupName") ?? "DEFAULT_GROUP");
      return ok({ count: names.length, doms: page(names, parameters).map(({ name }) => name) });
    },
  },
  "/v1/ns/catalog/services": {
    versions: early,
    right: "read",
    answer: ({ parameters }, state) => {
      const names = state.names(text(parameters, "namespaceId", "public"));
      return ok({ count: names.length, serviceList: page(names, parameters) });
    },
  },
  "/v1/ns/instance/list": { versions: withV1, right: "read", answer: ({ parameters }, state) => ok(info(parameters, state)) },
  "/v1/console/namespaces": {
    versions: early,
    right: "none",
    answer: (_, state) =>
      ok({
        code: 200,
        data: state.namespaces().map((id) => ({ namespace: id === "public" ? "" : id, namespaceShowName: `show ${id}`, type: 2 })),
      }),
  },
  "/v1/cs/configs": {
    versions: withV1,
    right: "read",
    answer: ({ parameters }, state) => {
      const content = state.config(text(parameters, "tenant", ""), text(parameters, "group", ""), text(parameters, "dataId", ""));
      return content === undefined ? { status: 404, body: "config data not exist" } : ok(content);
    },
  },
  "/v3/client/ns/instance/list": { versions: withV3, right: "read", answer: ({ parameters }, state) => v3(info(parameters, state).hosts) },
  "/v3/client/cs/config": {
    versions: withV3,
    right: "read",
    answer: ({ parameters }, state) => {
      const content = state.config(text(parameters, "namespaceId", ""), text(parameters, "groupName", ""), text(parameters, "dataId", ""));
      return content === undefined ? { status: 404, body: { code: 20004, message: "resource not found" } } : v3({ content });
    },
  },
  "/v3/admin/ns/service/list": {
    versions: withV3,
    right: "admin",
    answer: ({ parameters }, state) => {
      const group = text(parameters, "groupNameParam", "");
      const names = state.names(text(parameters, "namespaceId", "public")).filter(({ groupName }) => groupName.includes(group));
      return v3({ totalCount: names.length, pageItems: page(names, parameters) });
    },
  },
  "/v3/admin/core/namespace/list": {
    versions: withV3,
    right: "admin",
    answer: (_, state) => v3(state.namespaces().map((id) => ({ namespace: id, namespaceShowName: `show ${id}` }))),
  },
};

/** @param auth the server asks who it is */
export function answer(version: FakeVersion, auth: boolean, asked: Asked, state: FakeState): Answer {
  const route = routes[asked.path];
  const isOld = asked.path.startsWith("/v1/") || asked.path.startsWith("/v2/");
  if (!route?.versions.includes(version)) {
    if (version === "3.0" && isOld)
      return { status: 410, body: { code: 40000, message: "Current API will be deprecated, please use API(s) v3" } };
    return { status: 404, body: "No such path" };
  }
  const needed = route.right === "none" || (!auth && !(route.right === "admin" && version.startsWith("3."))) ? "none" : route.right;
  if (needed !== "none" && asked.user === "nobody") return { status: 403, body: "user not found!" };
  if (needed === "admin" && asked.user !== "admin") return { status: 403, body: { code: 403, message: "authorization failed!" } };
  return route.answer(asked, state);
}

function info(parameters: URLSearchParams, state: FakeState) {
  const [first = "", second] = text(parameters, "serviceName", "").split("@@");
  const [group, name] = second === undefined ? [text(parameters, "groupName", "DEFAULT_GROUP"), first] : [first, second];
  return state.info(text(parameters, "namespaceId", "public"), group, name, parameters.get("healthyOnly") === "true");
}

function page<T>(all: readonly T[], parameters: URLSearchParams): T[] {
  const size = Number(parameters.get("pageSize") ?? 10);
  return all.slice((Number(parameters.get("pageNo") ?? 1) - 1) * size).slice(0, size);
}

function text(parameters: URLSearchParams, key: string, otherwise: string): string {
  return parameters.get(key) || otherwise;
}
