/** An instance for rules to look at, as an interface's reading gives it. */
import type { Instance, ServiceKey } from "../../../../../src/registries/service.ts";
import { applyRules } from "../../../../../src/registries/zookeeper/dubbo/rules/apply-rules.ts";
import type { Rule } from "../../../../../src/registries/zookeeper/dubbo/rules/rule.ts";

export const key: ServiceKey = { group: "g1", name: "lab.api.OrderFacade", version: "1.2.0" };

export function instance(differences: Partial<Instance> = {}): Instance {
  return {
    id: "dubbo://10.0.0.1:20880",
    address: "10.0.0.1",
    ports: [{ number: 20880, protocol: "dubbo" }],
    labels: { application: "order-center", group: "g1", version: "1.2.0", zone: "hz-a" },
    ...differences,
  };
}

/** What rules make of an instance: those members that they can change. */
export function outcome(rules: readonly (Rule | undefined)[], of: Partial<Instance> = {}, service: ServiceKey = key): object {
  const present = rules.filter((rule) => rule !== undefined);
  const { weight, health, labels } = applyRules({ key: service, instance: instance(of) }, present);
  const tag = labels?.["dubbo.tag"];
  return { ...(weight !== undefined && { weight }), ...(health && { health }), ...(tag !== undefined && { tag }) };
}
