/** One rule about providers in compiled form: whom it is about, and what it changes of them. */
import type { Instance, ServiceKey } from "../../../service.ts";

/** A rule cannot be read; the message says why. */
export class BadRule extends Error {}

/** An instance of a service, as a rule looks at it. */
export interface Subject {
  readonly key: ServiceKey;
  readonly instance: Instance;
}

export type Condition = (subject: Subject) => boolean;

/** What rules can change of an instance. Whatever else they set configures Dubbo itself. */
export interface Changes {
  readonly weight?: number;
  readonly disabled?: boolean;
  /** As a provider's `dubbo.tag`; empty: no tag. */
  readonly tag?: string;
}

export interface Rule {
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly changes: Changes;
  /** Sets only what is missing, as `absent://` does. */
  readonly onlyMissing: boolean;
  /** Names hosts, so it counts more than one about all hosts. */
  readonly specific: boolean;
  readonly priority: number;
}

/**
 * Rules in the order in which they are applied: the last one wins. Dubbo sorts by host and priority
 * (`Configurator.compareTo`), and of two rules about one instance either names all hosts or the same one.
 */
export function inOrder(rules: readonly Rule[]): Rule[] {
  return rules.toSorted((a, b) => Number(a.specific) - Number(b.specific) || a.priority - b.priority);
}

/** Longest tag, as of providers. */
const maxTag = 256;

/**
 * What a rule's parameters change of an instance; undefined if nothing. `enabled` is no parameter of providers here:
 * it switches the rule itself.
 * @throws BadRule
 */
export function changesOf(parameters: ReadonlyMap<string, string>): Changes | undefined {
  const weight = parameters.get("weight");
  const disabled = parameters.get("disabled");
  const tag = parameters.get("dubbo.tag");
  if (weight !== undefined && !/^\d{1,9}$/.test(weight)) throw new BadRule(`weight ${JSON.stringify(weight.slice(0, 40))} is no number`);
  if (tag !== undefined && tag.length > maxTag) throw new BadRule(`a tag of ${tag.length} characters`);
  if (weight === undefined && disabled === undefined && tag === undefined) return undefined;
  return {
    ...(weight !== undefined && { weight: Number(weight) }),
    ...(disabled !== undefined && { disabled: disabled.toLowerCase() === "true" }),
    ...(tag !== undefined && { tag }),
  };
}

/** A rule's `priority`; 0 if it is none. */
export function priorityOf(parameters: ReadonlyMap<string, string>): number {
  const text = parameters.get("priority") ?? "";
  return /^-?\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** A parameter of an instance's registration, as far as it is kept: those that configure Dubbo itself are not. */
export function parameterOf({ key, instance }: Subject, name: string): string | undefined {
  switch (name) {
    case "interface":
      return key.name;
    case "group":
      return key.group;
    case "version":
      return key.version;
    case "side":
      return "provider";
    case "weight":
      return instance.weight?.toString();
    default:
      return instance.labels !== undefined && Object.hasOwn(instance.labels, name) ? instance.labels[name] : undefined;
  }
}
