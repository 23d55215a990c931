import type { NacosService } from "../nacos-service.ts";

interface Telling {
  readonly service: NacosService;
  /** When the server made it, by its own clock. */
  readonly at: number;
}

interface Awaited {
  pushed: Telling | undefined;
}

/**
 * Answers and pushes travel on different streams and can overtake each other. So what is pushed while an answer is
 * awaited is compared with it; the newer one counts. Only then: a server's clock may be set back.
 */
export class NewestAnswers {
  /** By service. */
  readonly #awaited = new Map<string, Set<Awaited>>();

  /** An answer about a service is awaited from now on, until `done`. */
  await(name: string): { newest(service: NacosService, at: number): NacosService; done(): void } {
    const awaited: Awaited = { pushed: undefined };
    const others = this.#awaited.get(name);
    if (others) others.add(awaited);
    else this.#awaited.set(name, new Set([awaited]));
    return {
      newest: (service, at) => (awaited.pushed && awaited.pushed.at >= at ? awaited.pushed.service : service),
      done: () => {
        const all = this.#awaited.get(name);
        all?.delete(awaited);
        if (all?.size === 0) this.#awaited.delete(name);
      },
    };
  }

  pushed(name: string, service: NacosService, at: number): void {
    for (const awaited of this.#awaited.get(name) ?? []) awaited.pushed = { service, at };
  }
}
