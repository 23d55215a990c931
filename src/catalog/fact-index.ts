/** Where the facts about a subject lie. */
import type { Fact } from "../registries/service.ts";

export interface FactPlace {
  readonly registry: string;
  readonly itemId: string;
}

export class FactIndex {
  readonly #bySubject = new Map<string, FactPlace[]>();
  readonly #subjects = new Map<string, Map<string, string>>();

  get isEmpty(): boolean {
    return this.#bySubject.size === 0;
  }

  set(registry: string, itemId: string, fact: Fact): void {
    const subject = subjectKey(fact.subject, fact.name);
    let subjects = this.#subjects.get(registry);
    if (subjects === undefined) {
      subjects = new Map();
      this.#subjects.set(registry, subjects);
    }
    if (subjects.get(itemId) === subject) return;
    this.delete(registry, itemId);
    subjects.set(itemId, subject);
    const places = this.#bySubject.get(subject);
    if (places === undefined) this.#bySubject.set(subject, [{ registry, itemId }]);
    else places.push({ registry, itemId });
  }

  delete(registry: string, itemId: string): void {
    const subject = this.#subjects.get(registry)?.get(itemId);
    if (subject === undefined) return;
    this.#subjects.get(registry)?.delete(itemId);
    const rest = (this.#bySubject.get(subject) ?? []).filter((place) => place.registry !== registry || place.itemId !== itemId);
    if (rest.length === 0) this.#bySubject.delete(subject);
    else this.#bySubject.set(subject, rest);
  }

  /** The address that a fact is about; undefined if it is about something else. */
  addressOf(registry: string, itemId: string): string | undefined {
    const subject = this.#subjects.get(registry)?.get(itemId);
    return subject?.startsWith(addressPrefix) ? subject.slice(addressPrefix.length) : undefined;
  }

  /** Addresses that the registry's facts are about. */
  addressesOf(registry: string): readonly string[] {
    return [...(this.#subjects.get(registry)?.keys() ?? [])].flatMap((itemId) => this.addressOf(registry, itemId) ?? []);
  }

  find(subject: Fact["subject"], name: string): readonly FactPlace[] {
    return this.#bySubject.get(subjectKey(subject, name)) ?? [];
  }
}

const addressPrefix = subjectKey("address", "");

function subjectKey(subject: string, name: string): string {
  return `${subject}/${name}`;
}
