/** Registers many ephemeral instances in a real Nacos, all of a service at once, through one connection that keeps them alive. */
import { Credentials } from "../../../src/registries/nacos/access/credentials.ts";
import { Connection } from "../../../src/registries/nacos/grpc/connection.ts";
import { forEachLimited } from "../../../src/registries/task-pool.ts";

export interface WrittenService {
  readonly name: string;
  readonly instances: readonly { readonly address: string; readonly port: number }[];
  /** Default: `DEFAULT_GROUP`. */
  readonly group?: string;
  /** Of every instance. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const settings = { grpcPortOffset: 1_000, connectTimeout: 5_000, requestTimeout: 30_000, healthCheckInterval: 5_000 };
const inFlight = 16;

export class NacosWriter {
  readonly #namespace: string;
  readonly #connection: Connection;

  private constructor(namespace: string, connection: Connection) {
    this.#namespace = namespace;
    this.#connection = connection;
  }

  /** @param port of the HTTP API */
  static connect(port: number, namespace = "public", auth?: { readonly user: string; readonly password: string }): Promise<NacosWriter> {
    const server = { scheme: "http", host: "127.0.0.1", port } as const;
    const credentials = new Credentials({
      servers: [server],
      contextPath: "/nacos",
      requestTimeout: 5_000,
      ...(auth && { auth: { ...auth, headers: {} } }),
    });
    return new Promise((resolve, reject) => {
      const connection = new Connection(server, namespace, settings, credentials, {
        established: () => resolve(new NacosWriter(namespace, connection)),
        told: () => {},
        contact: () => {},
        lost: ({ reason }) => reject(new Error(reason)),
      });
    });
  }

  /** Exactly these instances, in place of those that were put before. */
  async put({ name, group = "DEFAULT_GROUP", instances, metadata = {} }: WrittenService): Promise<void> {
    await this.#connection.request(
      "BatchInstanceRequest",
      {
        type: "batchRegisterInstance",
        namespace: this.#namespace,
        serviceName: name,
        groupName: group,
        instances: instances.map(({ address: ip, port }) => ({
          ip,
          port,
          weight: 1,
          healthy: true,
          enabled: true,
          ephemeral: true,
          clusterName: "DEFAULT",
          metadata,
        })),
      },
      { kind: "service", group, name },
    );
  }

  bulk(services: readonly WrittenService[]): Promise<void> {
    return forEachLimited(services, inFlight, (service) => this.put(service));
  }

  close(): void {
    this.#connection.close();
  }
}
