import type { ServiceName } from "../naming-source.ts";
import { serviceText } from "../service-text.ts";

export interface FollowedService {
  readonly name: ServiceName;
  /** On the present source. */
  isSubscribed: boolean;
  /** Something is known of it, from any source. */
  isRead: boolean;
  /** Whether it has instances, as far as it was read. */
  isLiving: boolean;
  /** It had instances once. */
  hasLived: boolean;
  /** Complete lists in a row that lacked it. */
  missed: number;
}

/** Servers remove a service some time after its last instance; callers are better off with an empty one. So many are remembered. */
const maxEmpty = 1_000;
/** Lists in a row that have to lack a service before it counts as gone. */
const missesToBelieve = 2;

/** The services of one namespace that are read, over all its sources. */
export class FollowedServices {
  readonly #byText = new Map<string, FollowedService>();

  has(name: ServiceName): boolean {
    return this.#byText.has(serviceText(name));
  }

  /** There are some of which nothing could be read so far. */
  get areUnread(): boolean {
    for (const { isRead } of this.#byText.values()) if (!isRead) return true;
    return false;
  }

  ensure(name: ServiceName): FollowedService {
    const text = serviceText(name);
    let service = this.#byText.get(text);
    if (!service) {
      service = { name, isSubscribed: false, isRead: false, isLiving: false, hasLived: false, missed: 0 };
      this.#byText.set(text, service);
    }
    return service;
  }

  all(): FollowedService[] {
    return [...this.#byText.values()];
  }

  /** The source they were subscribed at is over. */
  unsubscribed(): void {
    for (const service of this.#byText.values()) service.isSubscribed = false;
  }

  wasRead(name: ServiceName, instances: number): void {
    const service = this.#byText.get(serviceText(name));
    if (!service) return;
    service.isRead = true;
    service.isLiving = instances > 0;
    service.hasLived ||= service.isLiving;
  }

  /**
   * A complete list was read.
   * @returns the services that are given up: not listed any more, without instances, and not worth remembering
   */
  listed(names: readonly ServiceName[]): FollowedService[] {
    const texts = new Set(names.map(serviceText));
    const gone: FollowedService[] = [];
    const empty: FollowedService[] = [];
    for (const [text, service] of this.#byText) {
      service.missed = texts.has(text) ? 0 : service.missed + 1;
      if (service.isLiving || service.missed < missesToBelieve) continue;
      if (service.hasLived) empty.push(service);
      else gone.push(service);
    }
    // Those that were missed for the longest time go first.
    empty.sort((a, b) => a.missed - b.missed);
    gone.push(...empty.slice(maxEmpty));
    for (const { name } of gone) this.#byText.delete(serviceText(name));
    return gone;
  }
}
