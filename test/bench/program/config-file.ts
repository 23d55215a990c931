/** The configuration of a measured program, in a folder of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePorts } from "../../e2e/servers/free-port.ts";

export interface ConfigOptions {
  /** The `registries` of the configuration. */
  readonly registries: readonly Readonly<Record<string, unknown>>[];
  /** The `clusters` of the configuration; default: none. */
  readonly clusters?: Readonly<Record<string, unknown>>;
  /** Added to the `xds` of the configuration. */
  readonly xds?: Readonly<Record<string, unknown>>;
  /** Where the last known state is kept; default: nowhere. */
  readonly state?: string;
}

export class ConfigFile {
  readonly folder = mkdtempSync(path.join(tmpdir(), "tributary-bench-"));
  readonly path = path.join(this.folder, "tributary.yaml");
  readonly xdsPort: number;
  readonly metricsPort: number;

  private constructor(xdsPort: number, metricsPort: number) {
    this.xdsPort = xdsPort;
    this.metricsPort = metricsPort;
  }

  static async write({ registries, xds, state, clusters }: ConfigOptions): Promise<ConfigFile> {
    // Nothing listens at the last two: an istiod beside it that counts as warm and shows nothing.
    const [xdsPort, metricsPort, adminPort, ...nowhere] = await freePorts(5);
    const file = new ConfigFile(xdsPort!, metricsPort!);
    const content = {
      registries,
      ...(clusters && { clusters }),
      xds: { port: xdsPort, initialSync: { istiodPorts: [nowhere[0]], istiodHttpPorts: [nowhere[1]] }, ...xds },
      metrics: { port: metricsPort },
      admin: { port: adminPort },
      readBack: { ports: [nowhere[1]] },
      lastKnownGood: { folder: state },
    };
    writeFileSync(file.path, JSON.stringify(content));
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
