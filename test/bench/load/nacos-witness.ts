/** Another subscriber of a real Nacos, which does nothing with what it is pushed: what a change takes at the server alone. */
import { Credentials } from "../../../src/registries/nacos/access/credentials.ts";
import { Connection } from "../../../src/registries/nacos/grpc/connection.ts";
import { sharedNow } from "../measuring/clock.ts";

const settings = { grpcPortOffset: 1_000, connectTimeout: 5_000, requestTimeout: 30_000, healthCheckInterval: 5_000 };

export class NacosWitness {
  /** When an instance was pushed first, by address; times of the shared clock. */
  readonly seen = new Map<string, number>();
  readonly #connection: Connection;

  private constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** @param port of the HTTP API */
  static connect(port: number): Promise<NacosWitness> {
    const server = { scheme: "http", host: "127.0.0.1", port } as const;
    const credentials = new Credentials({ servers: [server], contextPath: "/nacos", requestTimeout: 5_000 });
    return new Promise((resolve, reject) => {
      const connection = new Connection(server, "public", settings, credentials, {
        established: () => resolve(witness),
        told: ({ fields }) => witness.#hear((fields.serviceInfo ?? {}) as { hosts?: readonly { ip: string }[] }),
        contact: () => {},
        lost: ({ reason }) => reject(new Error(reason)),
      });
      const witness = new NacosWitness(connection);
    });
  }

  async subscribe(serviceName: string): Promise<void> {
    const [namespace, groupName] = ["public", "DEFAULT_GROUP"];
    const fields = { namespace, groupName, serviceName, subscribe: true, clusters: "" };
    await this.#connection.request("SubscribeServiceRequest", fields, { kind: "service", group: groupName, name: serviceName });
  }

  close(): void {
    this.#connection.close();
  }

  #hear({ hosts = [] }: { readonly hosts?: readonly { readonly ip: string }[] }): void {
    const at = sharedNow();
    for (const { ip } of hosts) if (!this.seen.has(ip)) this.seen.set(ip, at);
  }
}
