import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { namedAsInZooKeeper } from "./dubbo-in-nacos.ts";
import { UnderLoad } from "./under-load.ts";

/** A file, which is out of reach when it is away. */
export class FileUnderLoad extends UnderLoad {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "under-load-"));
  #away = false;

  /** A file that never holds still is never read. */
  override get pause(): number {
    return 300;
  }

  get settings() {
    return { id: this.id, type: "file", path: this.#file, naming: namedAsInZooKeeper };
  }

  async down(): Promise<void> {
    this.#away = true;
    renameSync(this.#file, `${this.#file}.away`);
  }

  async up(): Promise<void> {
    this.#away = false;
    this.#save();
  }

  async stop(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  protected async write(): Promise<void> {
    if (!this.#away) this.#save();
  }

  get #file(): string {
    return path.join(this.#folder, "services.json");
  }

  /** As a whole, so that nobody reads half of it. */
  #save(): void {
    const all = [...this.offers].map(([name, { endpoints, weight }]) => ({
      name,
      instances: endpoints.map((endpoint) => {
        const [address, port] = endpoint.split(":");
        return { address, ports: [{ number: Number(port), protocol: "dubbo" }], weight };
      }),
    }));
    writeFileSync(`${this.#file}.new`, JSON.stringify({ services: all }));
    renameSync(`${this.#file}.new`, this.#file);
  }
}
