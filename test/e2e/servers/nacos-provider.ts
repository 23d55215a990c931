/** An application that registers itself in Nacos with the official Java client, as a process of its own. */
import { installNacosProvider } from "../install/nacos.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import type { Nacos } from "./nacos.ts";

export interface Registration {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  /** Default: `DEFAULT_GROUP`. */
  readonly group?: string;
}

export interface ProviderOptions {
  /** Default: the public one. */
  readonly namespace?: string;
  readonly auth?: { readonly user: string; readonly password: string };
  /** `host:port`, if it is not to reach the server directly. */
  readonly server?: string;
}

export class NacosProvider {
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
  }

  /** Installs it if need be, starts it, and waits until everything is registered. */
  static async start(nacos: Nacos, registrations: readonly Registration[], options: ProviderOptions = {}): Promise<NacosProvider> {
    const classPath = await installNacosProvider();
    const { namespace = "", auth, server = nacos.address } = options;
    const child = new Child({
      name: "nacos-provider",
      command: "java",
      args: [
        ...["-Xms32m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
        ...["-DJM.LOG.PATH=/dev/null", "-Dnacos.logging.default.config.enabled=false"],
        ...["-cp", classPath, "invalid.example.nacos.NacosProvider", server, namespace, auth?.user ?? "", auth?.password ?? ""],
        ...registrations.map(({ service, address, port, group = "DEFAULT_GROUP" }) => [group, service, address, port].join("@@")),
      ],
    });
    await eventually(
      "the provider registered itself",
      () => (child.output().match(/^registered /gm)?.length ?? 0) === registrations.length,
      {
        within: 60_000,
        unless: () => (child.alive ? undefined : `it ended: ${child.output().slice(-2_000)}`),
      },
    );
    return new NacosProvider(child);
  }

  /** kill -9: its connections break, and its instances go with them. */
  async kill(): Promise<void> {
    await this.#child.kill();
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }
}
