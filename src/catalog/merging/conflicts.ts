/** What registries say differently of one endpoint, or of the ports of one service. The first in precedence is believed. */
import type { Instance, Locality, Port } from "../../registries/service.ts";

/** So many are told; the others are counted. */
const maxTold = 5;

export interface Conflicts {
  readonly count: number;
  /** The first ones, in words. */
  readonly told: readonly string[];
}

export class ConflictList {
  #count = 0;
  readonly #told: string[] = [];

  /** Undefined: there is none. */
  get conflicts(): Conflicts | undefined {
    return this.#count === 0 ? undefined : { count: this.#count, told: this.#told };
  }

  /** Two words about one endpoint; the first counts. */
  compare(believed: Instance, registry: string, other: Instance, otherRegistry: string): void {
    for (const what of differences(believed, other)) {
      this.#add(() => `${believed.address}: ${what}, ${registry} is believed, not ${otherRegistry}`);
    }
  }

  /** A port that a service declares in two ways; the first counts. */
  comparePorts(believed: Port, registry: string, other: Port, otherRegistry: string): void {
    this.#add(
      () =>
        `port ${believed.number} is ${portText(believed)} in ${registry}, which is believed, and ${portText(other)} in ${otherRegistry}`,
    );
  }

  #add(text: () => string): void {
    this.#count += 1;
    if (this.#told.length < maxTold) this.#told.push(text());
  }
}

function* differences(one: Instance, other: Instance): Generator<string> {
  for (const port of one.ports) {
    const same = other.ports.filter(({ number }) => number === port.number);
    if (same.length > 0 && !same.some((candidate) => isSamePort(port, candidate))) {
      yield `port ${port.number} is ${portText(port)} or ${same.map(portText).join(", ")}`;
    }
  }
  for (const [key, value] of Object.entries(one.labels ?? {})) {
    const another = other.labels?.[key];
    if (another !== undefined && another !== value) yield `label ${key} is ${quoted(value)} or ${quoted(another)}`;
  }
  const [locality, another] = [localityText(one.locality), localityText(other.locality)];
  if (locality !== "" && another !== "" && locality !== another) yield `locality is ${locality} or ${another}`;
}

export function isSamePort(one: Port, other: Port): boolean {
  return one.protocol === other.protocol && (one.name === undefined || other.name === undefined || one.name === other.name);
}

function portText({ name, protocol }: Port): string {
  return name === undefined ? protocol : `${protocol} (${quoted(name)})`;
}

function localityText(locality: Locality | undefined): string {
  return [locality?.region, locality?.zone, locality?.subzone].filter((part) => part).join("/");
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
