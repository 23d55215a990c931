/** Services in a file that the `file` registry watches, changed at random but reproducibly. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

interface Service {
  readonly name: string;
  readonly instances: readonly {
    readonly address: string;
    readonly ports: readonly { readonly number: number; readonly protocol: string }[];
  }[];
}

export interface FileCatalogOptions {
  /** Services at the start. */
  readonly services: number;
  /** Instances of each; default 2. */
  readonly instances?: number;
  /** Of the random changes; default 1. */
  readonly seed?: number;
}

const protocols = ["dubbo", "http", "tri"];

export class FileCatalog {
  readonly file: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "file-catalog-"));
  readonly #services = new Map<string, Service>();
  readonly #instances: number;
  #random: number;
  #named = 0;

  constructor({ services, instances = 2, seed = 1 }: FileCatalogOptions) {
    this.file = path.join(this.#folder, "services.json");
    this.#instances = instances;
    this.#random = seed;
    for (let index = 0; index < services; index++) this.#add();
    this.write();
  }

  /** As an entry of the configuration's `registries`. */
  get registry(): Readonly<Record<string, unknown>> {
    return { id: "files", type: "file", path: this.file };
  }

  get size(): number {
    return this.#services.size;
  }

  /** Adds, changes or removes one service, each about as often. */
  change(): void {
    const names = [...this.#services.keys()];
    const name = names[this.#next(names.length)];
    const what = name === undefined ? 0 : this.#next(3);
    if (what === 0 || name === undefined) this.#add();
    else if (what === 1) this.#services.delete(name);
    else this.#services.set(name, this.#service(name));
  }

  /** Gives one service other instances. */
  touch(): void {
    const names = [...this.#services.keys()];
    const name = names[this.#next(names.length)]!;
    this.#services.set(name, this.#service(name));
  }

  /** Removes all but the first ones. */
  keep(count: number): void {
    for (const name of [...this.#services.keys()].slice(count)) this.#services.delete(name);
  }

  /** As a whole, so that nobody reads half of it. */
  write(): void {
    const unfinished = `${this.file}.new`;
    writeFileSync(unfinished, JSON.stringify({ services: [...this.#services.values()] }));
    renameSync(unfinished, this.file);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #add(): void {
    const name = `service-${this.#named++}`;
    this.#services.set(name, this.#service(name));
  }

  #service(name: string): Service {
    const protocol = protocols[Number(name.slice("service-".length)) % protocols.length]!;
    const octet = () => this.#next(250) + 1;
    const addresses = Array.from({ length: this.#instances }, (_, index) => `10.${octet()}.${octet()}.${index + 1}`);
    return { name, instances: addresses.map((address) => ({ address, ports: [{ number: 20_880, protocol }] })) };
  }

  /** From 0 to below `limit`: a linear congruential generator, whose low bits are left out. */
  #next(limit: number): number {
    this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * limit);
  }
}
