/** A running client of another project, in a process of its own, which tells what it holds. */
import { installAdscClient, installIstioMcpClient } from "../install/go-libraries.ts";
import { Child } from "./child.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free-port.ts";

export interface Held {
  /** By type: "namespace/name" → version. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly connects?: number;
  readonly responses: number;
}

export interface IstioMcpOptions {
  readonly server: string;
  readonly incremental?: boolean;
  readonly revision?: string;
  readonly types?: readonly string[];
  /** Bytes; default: the library's own 4 MiB. */
  readonly maxMessage?: number;
}

export class XdsGoClient {
  readonly #child: Child;
  readonly #port: number;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.#port = port;
  }

  /** istio-mcp's. */
  static async istioMcp({ server, incremental = false, revision = "", types, maxMessage }: IstioMcpOptions): Promise<XdsGoClient> {
    const flags = [
      `-server=${server}`,
      `-incremental=${incremental}`,
      `-revision=${revision}`,
      ...(types ? [`-types=${types.join(",")}`] : []),
    ];
    const env: Record<string, string> = maxMessage === undefined ? {} : { MCP_XDS_GRPC_MAXRECVMSGSIZE: String(maxMessage) };
    return XdsGoClient.#start(await installIstioMcpClient(), "istio-mcp-client", flags, env);
  }

  /** Istio's own. */
  static async adsc(server: string, options: { delta: boolean }): Promise<XdsGoClient> {
    return XdsGoClient.#start(await installAdscClient(), "adsc-client", [`-server=${server}`, `-delta=${options.delta}`], {});
  }

  static async #start(command: string, name: string, flags: readonly string[], env: Record<string, string>): Promise<XdsGoClient> {
    const [port] = await freePorts(1);
    const child = new Child({ name, command, args: [...flags, `-listen=127.0.0.1:${port}`], env });
    const client = new XdsGoClient(child, port!);
    await eventually(`${name} answers`, () => client.held(), { unless: () => (child.alive ? undefined : `it ended: ${child.output()}`) });
    return client;
  }

  async held(): Promise<Held> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/store`, { signal: AbortSignal.timeout(5_000) });
    return (await response.json()) as Held;
  }

  /** "namespace/name" → version of one kind, whatever the type's version. */
  async ofKind(kind: string): Promise<Record<string, string>> {
    const { types } = await this.held();
    return Object.assign({}, ...Object.entries(types).flatMap(([type, names]) => (type.split("/").at(-1) === kind ? [names] : [])));
  }

  output(): string {
    return this.#child.output();
  }

  async stop(): Promise<void> {
    await this.#child.kill();
  }
}
