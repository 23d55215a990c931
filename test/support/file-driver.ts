/** Drives the `file` kind in the rig: its server is a folder. */
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileKind } from "../../src/registries/file/kind.ts";
import type { Fact, IstioResource } from "../../src/registries/service.ts";
import type { RegistryDriver, RegistryServer, RigService } from "./registry-driver.ts";

export const fileDriver: RegistryDriver = {
  session: fileKind.session,
  async start() {
    const around = await mkdtemp(join(tmpdir(), "tributary-file-"));
    const folder = join(around, "services");
    await mkdir(folder);
    return new FileServer(around, folder);
  },
};

class FileServer implements RegistryServer {
  readonly settings: unknown;
  readonly #around: string;
  readonly #folder: string;
  #written = 0;

  constructor(around: string, folder: string) {
    this.#around = around;
    this.#folder = folder;
    this.settings = fileKind.schema.parse({ path: folder, confirm: "200ms", poll: "500ms" });
  }

  key(name: string) {
    return { name };
  }

  put(service: RigService): Promise<void> {
    return this.#write(`${service.name}.yaml`, JSON.stringify({ services: [entry(service)] }, null, 2));
  }

  bulk(services: readonly RigService[]): Promise<void> {
    return this.#write("bulk.json", JSON.stringify({ services: services.map(entry) }));
  }

  removeInstances(name: string): Promise<void> {
    return this.#write(`${name}.yaml`, `services:\n  - name: ${name}\n    instances: []\n`);
  }

  removeService(name: string): Promise<void> {
    return rm(join(this.#folder, `${name}.yaml`));
  }

  /** A volume that is gone. */
  kill(): Promise<void> {
    return rename(this.#folder, `${this.#folder}.away`);
  }

  revive(): Promise<void> {
    return rename(`${this.#folder}.away`, this.#folder);
  }

  async breakReads() {
    // Half of a file: nobody knows what the other half says.
    await this.#write("torn.yaml", "services:\n  - name: torn\n    instances: [");
    return () => rm(join(this.#folder, "torn.yaml"));
  }

  async corrupt(name: string): Promise<string> {
    const text = `services:\n  - name: ${name}.garbage\n    instances:\n      - { address: "not an address", ports: [{ number: 1 }] }\n`;
    await this.#write(`${name}.garbage.yaml`, text);
    return "bad-address";
  }

  putResource(resource: IstioResource): Promise<void> {
    return this.#write("resource.yaml", JSON.stringify(resource));
  }

  putFact(fact: Fact): Promise<void> {
    return this.#write("fact.yaml", JSON.stringify({ facts: [fact] }));
  }

  stop(): Promise<void> {
    return rm(this.#around, { recursive: true, force: true });
  }

  /** As a careful writer does: beside it, then in its place. */
  async #write(name: string, text: string): Promise<void> {
    const draft = join(this.#around, `draft-${this.#written++}`);
    await writeFile(draft, text);
    await rename(draft, join(this.#folder, name));
  }
}

function entry({ name, instances }: RigService) {
  return { name, instances: instances.map(({ address, port }) => ({ address, ports: [{ number: port, protocol: "tcp" }] })) };
}
