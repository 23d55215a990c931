/** What applications register of Dubbo's interfaces one by one: who provides each, and who calls it. */
import type { Problem } from "../../contract.ts";
import type { ConsumerUrl } from "../../dubbo/consumer-url.ts";
import type { ProviderUrl } from "../../dubbo/provider-url.ts";
import { instanceText, type NacosService } from "../nacos-service.ts";
import { consumerOf, isProvider, providerOf } from "./dubbo-provider.ts";
import type { InterfaceName } from "./service-role.ts";

interface Registration {
  /** Under which its providers are, or were when there were some; none of consumers. */
  readonly names: readonly Pick<InterfaceName, "group" | "version">[];
  readonly providers: readonly ProviderUrl[];
  readonly consumers: readonly ConsumerUrl[];
}

export class RegisteredInterfaces {
  /** By interface, then by the service's name. */
  readonly #byInterface = new Map<string, Map<string, Registration>>();
  /** By the service's name. */
  readonly #interfaces = new Map<string, string>();

  /** @returns the interfaces of which something may differ, and the providers, as far as they can be understood */
  putProviders(
    { name, instances }: NacosService,
    role: InterfaceName,
    report: (problem: Problem) => void,
  ): { touched: string[]; providers: readonly ProviderUrl[] } {
    const providers: ProviderUrl[] = [];
    for (const instance of instances) {
      const read = providerOf(instance, role);
      if (isProvider(read)) providers.push(read);
      else if (read.problem) report({ ...read.problem, where: `${name}#${instanceText(instance)}` });
    }
    // A `___` in the name may be a `$` or not: the instances know, and what they once said counts when they are gone.
    const told = providers.map((provider) => provider.interface ?? role.interface).sort()[0];
    const interfaceName = told ?? this.#interfaces.get(name) ?? role.interface;
    const before = this.#byInterface.get(interfaceName)?.get(name)?.names;
    const names = providers.length > 0 ? providers.map(nameOf) : (before ?? [role]);
    return { touched: this.#put(name, interfaceName, { names, providers, consumers: [] }), providers };
  }

  /** @returns the interfaces of which something may differ */
  putConsumers({ name, instances }: NacosService, role: InterfaceName): string[] {
    const consumers = instances.flatMap((instance) => consumerOf(instance, role) ?? []);
    return this.#put(name, role.interface, { names: [], providers: [], consumers });
  }

  /** The service is gone. @returns the interfaces of which something may differ */
  delete(name: string): string[] {
    const interfaceName = this.#interfaces.get(name);
    if (interfaceName === undefined) return [];
    this.#interfaces.delete(name);
    const byName = this.#byInterface.get(interfaceName);
    byName?.delete(name);
    if (byName?.size === 0) this.#byInterface.delete(interfaceName);
    return [interfaceName];
  }

  providersOf(interfaceName: string): ProviderUrl[] {
    return this.#registrations(interfaceName).flatMap(({ providers }) => providers);
  }

  consumersOf(interfaceName: string): ConsumerUrl[] {
    return this.#registrations(interfaceName).flatMap(({ consumers }) => consumers);
  }

  /** Versions and groups of which services exist, perhaps without providers at present. */
  namesOf(interfaceName: string): Pick<InterfaceName, "group" | "version">[] {
    return this.#registrations(interfaceName).flatMap(({ names }) => names);
  }

  #registrations(interfaceName: string): Registration[] {
    return [...(this.#byInterface.get(interfaceName)?.values() ?? [])];
  }

  #put(name: string, interfaceName: string, registration: Registration): string[] {
    const before = this.#interfaces.get(name);
    const touched = before === undefined || before === interfaceName ? [] : this.delete(name);
    this.#interfaces.set(name, interfaceName);
    const byName = this.#byInterface.get(interfaceName);
    if (byName) byName.set(name, registration);
    else this.#byInterface.set(interfaceName, new Map([[name, registration]]));
    return [...touched, interfaceName];
  }
}

function nameOf({ group, version }: ProviderUrl): Pick<InterfaceName, "group" | "version"> {
  return { group, version };
}
