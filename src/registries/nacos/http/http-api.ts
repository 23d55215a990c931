/** What is read over HTTP, whichever version of the API a server has: v1 up to 3.1, v3 from 3.0 on. */
import type { Agent } from "node:http";
import { allServices } from "../access/all-services.ts";
import type { Credentials } from "../access/credentials.ts";
import { keepingAgent } from "../access/http-request.ts";
import { askOnce, firstKnownPath, type PathVersion, parsed } from "../access/known-path.ts";
import { bodyText, isAbsent } from "../access/other-versions.ts";
import { publicNamespace } from "../meaning/group-key.ts";
import { defaultGroup, type NacosService, readNacosService } from "../nacos-service.ts";
import { RequestRefused, type ServiceName } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";
import type { NacosServer, NacosSettings } from "../settings.ts";
import type { PushAddress } from "./push-trigger.ts";

type Query = Readonly<Record<string, string>>;

/** 2.x caps nothing here; of 3.x the administrators' API does. */
const pageSize = 500;
/** Pages are cut from a set without order, so one that changes meanwhile is read again. */
const listAttempts = 3;

interface HowToRead {
  /** Where the server shall say that the service changed. */
  readonly push?: PushAddress | undefined;
  /** Without the instances that are not healthy. */
  readonly healthyOnly?: boolean;
}

interface Names {
  readonly count: number;
  /** How many the page has, also those of other groups. */
  readonly size: number;
  readonly names: readonly string[];
}

const nameVersions: readonly PathVersion<Names>[] = [
  {
    path: "/v1/ns/service/list",
    read: ({ count, doms }, { groupName = "" }) => {
      if (typeof count !== "number" || !Array.isArray(doms)) throw new RequestRefused("the list of services cannot be understood");
      const names = doms.filter((name) => typeof name === "string" && name !== "") as string[];
      const prefix = `${groupName}@@`;
      return { count, size: doms.length, names: names.map((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name)) };
    },
  },
  {
    path: "/v3/admin/ns/service/list",
    // It looks for groups that contain the name.
    query: ({ groupName = "", ...query }) => ({ ...query, groupNameParam: groupName, serviceNameParam: "", ignoreEmptyService: "false" }),
    read: ({ data }, { groupName }) => {
      const { totalCount, pageItems } = (data ?? {}) as { totalCount?: unknown; pageItems?: unknown };
      if (typeof totalCount !== "number" || !Array.isArray(pageItems)) {
        throw new RequestRefused("the list of services cannot be understood");
      }
      const items = pageItems as ({ name?: unknown; groupName?: unknown } | null)[];
      const names = items.flatMap((item) => (item?.groupName === groupName && typeof item?.name === "string" ? [item.name] : []));
      return { count: totalCount, size: items.length, names };
    },
  },
];

export class HttpApi {
  readonly #server: NacosServer;
  readonly #namespace: string;
  readonly #settings: NacosSettings;
  readonly #credentials: Credentials;
  readonly #agent: Agent;
  readonly #end = new AbortController();
  readonly #names: ReturnType<typeof firstKnownPath<Names>>;
  readonly #service: ReturnType<typeof firstKnownPath<NacosService>>;

  /** @throws TributaryError if a file of `tls` cannot be used */
  constructor(server: NacosServer, namespace: string, settings: NacosSettings, credentials: Credentials) {
    this.#server = server;
    this.#namespace = namespace;
    this.#settings = settings;
    this.#credentials = credentials;
    this.#agent = keepingAgent(server, settings, settings.maxInFlight);
    const paths = <T>(versions: readonly PathVersion<T>[]) => firstKnownPath(server, settings, credentials, versions, this.#connection);
    this.#names = paths(nameVersions);
    this.#service = paths(serviceVersions(namespace));
  }

  get #connection(): { agent: Agent; signal: AbortSignal } {
    return { agent: this.#agent, signal: this.#end.signal };
  }

  /** Names of a group's services, or of all. Every page was read, or it rejects. */
  async list(group: string | undefined): Promise<readonly ServiceName[]> {
    if (group === undefined) return allServices(this.#server, this.#namespace, this.#settings, this.#credentials);
    const names = new Set<string>();
    for (let attempt = 1; ; attempt++) {
      let listed = 0;
      for (let pageNo = 1; ; pageNo++) {
        const query = { namespaceId: this.#namespace, groupName: group, pageNo: String(pageNo), pageSize: String(pageSize) };
        const page = await this.#names(query, { kind: "service", group, name: "" });
        listed = page.count;
        for (const name of page.names) names.add(name);
        if (page.size < pageSize) break;
      }
      // The administrators' list counts the services of other groups, too.
      if (names.size >= listed || listed <= pageSize || attempt === listAttempts) return Array.from(names, (name) => ({ group, name }));
    }
  }

  read({ group, name }: ServiceName, { push, healthyOnly = false }: HowToRead = {}): Promise<NacosService> {
    const query = {
      namespaceId: this.#namespace,
      groupName: group,
      serviceName: name,
      healthyOnly: String(healthyOnly),
      ...push,
    };
    return this.#service(query, { kind: "service", group, name });
  }

  /** Whether the server speaks any version of the API that is known here. @throws RequestRefused that says what was tried */
  async probe(): Promise<void> {
    await this.read({ group: defaultGroup, name: "tributary" });
  }

  /** Content of a configuration; undefined if there is none. */
  async readConfig(dataId: string, group: string): Promise<string | undefined> {
    // Configurations of the public namespace have none.
    const tenant = this.#namespace === publicNamespace ? "" : this.#namespace;
    const tried: string[] = [];
    for (const { path, query, content } of configVersions) {
      const request = { ...this.#connection, path, query: query(dataId, group, tenant) };
      const { status, text } = await askOnce(this.#server, this.#settings, this.#credentials, request, { kind: "config", tenant, group });
      if (status === 200) return content(text);
      if (status === 404 && isMissing(text)) return undefined;
      tried.push(`${path}: ${status} ${bodyText(text)}`.trim());
      if (!isAbsent(status)) break;
    }
    throw new RequestRefused(tried.join("; "));
  }

  close(): void {
    this.#end.abort();
    this.#agent.destroy();
  }
}

function serviceVersions(namespace: string): readonly PathVersion<NacosService>[] {
  const read = (answer: object, { groupName, serviceName }: Query): NacosService => {
    try {
      return readNacosService(namespace, { ...answer, name: serviceName, groupName });
    } catch (error) {
      throw new RequestRefused(`${serviceText({ group: groupName ?? "", name: serviceName ?? "" })}: ${(error as Error).message}`);
    }
  };
  return [
    {
      path: "/v1/ns/instance/list",
      // Servers push to clients only that they know by their names.
      headers: { "user-agent": "Nacos-Java-Client:v1.0.0" },
      read,
    },
    {
      path: "/v3/client/ns/instance/list",
      query: ({ clientIP: _address, udpPort: _port, ...query }) => query,
      read: ({ data }, query) => read({ hosts: data }, query),
    },
  ];
}

interface ConfigVersion {
  readonly path: string;
  readonly query: (dataId: string, group: string, tenant: string) => Query;
  readonly content: (text: string) => string | undefined;
}

const configVersions: readonly ConfigVersion[] = [
  { path: "/v1/cs/configs", query: (dataId, group, tenant) => ({ dataId, group, tenant }), content: (text) => text },
  {
    path: "/v3/client/cs/config",
    query: (dataId, groupName, tenant) => ({ dataId, groupName, namespaceId: tenant || publicNamespace }),
    content: (text) => {
      const data = parsed(text, "/v3/client/cs/config").data as { content?: unknown } | null | undefined;
      return typeof data?.content === "string" ? data.content : undefined;
    },
  },
];

/** The path exists, but the configuration does not: v1 says so in words, v3 by a code of its own. */
function isMissing(text: string): boolean {
  return /not exist/i.test(text) || /"code":\s*20004\b/.test(text);
}
