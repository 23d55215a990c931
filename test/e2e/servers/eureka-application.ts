/** A real Spring Cloud application that registers itself at Eureka servers, as a process of its own. */
import { installEurekaApplication } from "../install/eureka.ts";
import { Child } from "./child.ts";

export interface EurekaPlacement {
  readonly application: string;
  /** The registered address; nobody connects to it. */
  readonly host: string;
  readonly port: number;
  /** Of a cluster's servers. */
  readonly urls: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
}

export class EurekaApplication {
  readonly #start: () => Child;
  #child: Child;

  private constructor(start: () => Child) {
    this.#start = start;
    this.#child = start();
  }

  /** Installs it if need be, and starts the process. It is up when its address is registered. */
  static async start({ application, host, port, urls, metadata = {} }: EurekaPlacement): Promise<EurekaApplication> {
    const classPath = await installEurekaApplication();
    const properties = [
      `spring.application.name=${application}`,
      "server.address=127.0.0.1",
      "server.port=0",
      `eureka.client.service-url.defaultZone=${urls.join()}`,
      "eureka.client.fetch-registry=false",
      "eureka.instance.prefer-ip-address=true",
      `eureka.instance.ip-address=${host}`,
      `eureka.instance.non-secure-port=${port}`,
      `eureka.instance.instance-id=${host}:${application}:${port}`,
      // The default of 30 s would be the length of every test here.
      "eureka.instance.lease-renewal-interval-in-seconds=1",
      ...Object.entries(metadata).map(([key, value]) => `eureka.instance.metadata-map.${key}=${value}`),
    ];
    const java = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const args = [...java, "-cp", classPath, "com.acme.order.Application", ...properties.map((property) => `--${property}`)];
    return new EurekaApplication(() => new Child({ name: application, command: "java", args }));
  }

  /** Ends it as Kubernetes does: it takes its registration back. */
  async stop(): Promise<void> {
    await this.#child.stop(20_000);
  }

  /** kill -9: its registration stays until its lease is over. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  /** The same application at the same address, in a new process. */
  restart(): void {
    this.#child = this.#start();
  }
}
