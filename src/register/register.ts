/**
 * The library entry `tributary/register`: an application registers its services in its own pod's annotation, where Tributary's
 * kinds `annotated-pods` and `dubbo-pods` read them. See docs/register.md.
 */
import { type RegisterOptions, registrarFor } from "./registrar-for.ts";
import { checkedServices } from "./service-document.ts";

export type { RegisterOptions } from "./registrar-for.ts";

/** A service of the document in docs/registries/pods.md. */
export interface ServiceToRegister {
  readonly name: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly version?: string;
  readonly hosts?: readonly string[];
  readonly ports: readonly { readonly name?: string; readonly number: number; readonly protocol?: string }[];
  readonly address?: string;
  readonly weight?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PodRegistration {
  /**
   * These are the services from now on, in place of all before. Resolves once the pod says so, however long that takes; rejects
   * if a service is not as it must be, or if the pod is gone.
   */
  set(services: readonly ServiceToRegister[]): Promise<void>;
  /** Takes everything of ours back and ends; at the latest after `withinMs` (default: 5 000). Never rejects. */
  withdraw(withinMs?: number): Promise<void>;
}

/** @throws an Error if the environment does not say which pod it is */
export function register(options: RegisterOptions = {}): PodRegistration {
  const registrar = registrarFor(options);
  return {
    set: async (services) => registrar.set(checkedServices({ services })),
    withdraw: (withinMs) => registrar.withdraw(withinMs),
  };
}
