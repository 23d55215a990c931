/** What a service's name says of its kind: Dubbo keeps four categories of services beside everybody else's. */
import { isInterfaceName } from "../../dubbo/node-name.ts";

export type ServiceRole =
  | { readonly role: "service" }
  /** Override rules and routes of Dubbo; nobody listens there. */
  | { readonly role: "rules" }
  | ({ readonly role: "provider" | "consumer" } & InterfaceName);

export interface InterfaceName {
  /** The Java name. */
  readonly interface: string;
  readonly version: string | undefined;
  readonly group: string | undefined;
}

const categories: Readonly<Record<string, "provider" | "consumer" | "rules">> = {
  providers: "provider",
  consumers: "consumer",
  routers: "rules",
  configurators: "rules",
};

/**
 * `providers:<interface>:<version>:<group>`, where what is missing stays empty; before Dubbo 2.7.3 it was left out, so
 * that a lone third part may be either: it counts as the version. A group may hold colons.
 */
export function roleOf(name: string): ServiceRole {
  const parts = name.split(":");
  const [category = "", interfaceName = "", version = "", ...group] = parts;
  const role = Object.hasOwn(categories, category) && parts.length > 1 ? categories[category] : undefined;
  if (role === undefined || !isInterfaceName(interfaceName)) return { role: "service" };
  if (role === "rules") return { role };
  return {
    role,
    // Nacos takes no `$`, so Dubbo writes it like this.
    interface: interfaceName.replaceAll("___", "$"),
    // Dubbo treats 0.0.0 as no version.
    version: version === "" || version === "0.0.0" ? undefined : version,
    group: group.join(":") || undefined,
  };
}

/** Whether a name of an interface is what Dubbo makes of this Java name. */
export function isSameInterface(written: string, java: string): boolean {
  return written === java || written.replaceAll("___", "$") === java.replaceAll("___", "$");
}
