import { instanceText, type NacosService } from "../nacos-service.ts";
import { serviceText } from "../service-text.ts";

/** Longer than a server needs for its first probes, in ms; as long as shrinkage is held after a reconnect by default. */
const settlesWithinMs = 30_000;

/**
 * Whether persistent instances are healthy is what the server itself finds out by probing them. One that was restarted calls
 * all of them unhealthy until its first probes have passed (observed). So for a while after every connection, those that
 * were healthy before stay so; then the server's word counts.
 */
export class SettlingHealth {
  readonly #tell: (service: NacosService) => void;
  /** By service: which of its persistent instances were told to be healthy. */
  readonly #healthy = new Map<string, ReadonlySet<string>>();
  /** By service: what the server says, if something else was told. */
  readonly #withheld = new Map<string, NacosService>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tell what was withheld, when its time has come */
  constructor(tell: (service: NacosService) => void) {
    this.#tell = tell;
  }

  /** A connection begins. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#end(), settlesWithinMs);
  }

  /** @returns the service as it is to be told */
  settled(service: NacosService): NacosService {
    const name = serviceText(service);
    const before = this.#timer && this.#healthy.get(name);
    const isSpared = (each: NacosService["instances"][number]) =>
      !each.healthy && !each.ephemeral && before?.has(instanceText(each)) === true;
    const spares = service.instances.some(isSpared);
    if (spares) this.#withheld.set(name, service);
    else this.#withheld.delete(name);
    const told = spares
      ? { ...service, instances: service.instances.map((each) => (isSpared(each) ? { ...each, healthy: true } : each)) }
      : service;
    const healthy = told.instances.filter((each) => each.healthy && !each.ephemeral);
    if (healthy.length > 0) this.#healthy.set(name, new Set(healthy.map(instanceText)));
    else this.#healthy.delete(name);
    return told;
  }

  forget(name: Pick<NacosService, "group" | "name">): void {
    this.#healthy.delete(serviceText(name));
    this.#withheld.delete(serviceText(name));
  }

  /** What was withheld is the word of a connection that is over. */
  lost(): void {
    clearTimeout(this.#timer);
    this.#withheld.clear();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    this.#timer = undefined;
    for (const service of [...this.#withheld.values()]) this.#tell(service);
  }
}
