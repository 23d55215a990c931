/** The instances of a service that has a name of its own: Dubbo's applications register among all others. */
import { readAddress } from "../../address.ts";
import type { Problem } from "../../contract.ts";
import { type DubboInstance, isDubboInstance, readDubboInstance } from "../../dubbo/application/dubbo-instance.ts";
import type { Instance } from "../../service.ts";
import { instanceText, type NacosInstance, type NacosService } from "../nacos-service.ts";
import { clusterLabels } from "./place.ts";
import { healthOf, plainInstance } from "./plain-instance.ts";
import type { MeaningSettings } from "./settings.ts";

export interface ReadInstances {
  /** By id. */
  readonly plain: readonly Instance[];
  /** What Dubbo's applications registered, by id. */
  readonly dubbo: ReadonlyMap<string, DubboInstance>;
}

/** One that cannot be understood costs only itself. */
export function readInstances(
  { name, instances }: NacosService,
  settings: MeaningSettings,
  report: (problem: Problem) => void,
): ReadInstances {
  const plain: Instance[] = [];
  const dubbo = new Map<string, DubboInstance>();
  for (const [id, instance] of distinct(instances)) {
    const where = `${name}#${id}`;
    if (!isDubbo(instance)) {
      const read = plainInstance(instance, where, settings, report);
      if (read) plain.push(read);
    } else if (settings.applications.enabled) {
      const read = dubboInstance(instance, name);
      if (typeof read === "string") report({ code: "bad-instance", where, message: read });
      else if (read) dubbo.set(id, read);
    }
  }
  return { plain: plain.sort((a, b) => (a.id < b.id ? -1 : 1)), dubbo };
}

/** By id. Servers tell none twice; should one do so, the choice does not depend on the order. */
function distinct(instances: readonly NacosInstance[]): Map<string, NacosInstance> {
  const byId = new Map<string, NacosInstance>();
  for (const instance of instances) {
    const id = instanceText(instance);
    const other = byId.get(id);
    if (other === undefined || JSON.stringify(instance) < JSON.stringify(other)) byId.set(id, instance);
  }
  return byId;
}

/** Spring Cloud applications may speak of Dubbo in their metadata, but are called by their own name. */
function isDubbo({ metadata }: NacosInstance): boolean {
  return metadata["dubbo.metadata.revision"] !== undefined && metadata["preserved.register.source"] !== "SPRING_CLOUD";
}

/** @returns undefined if it offers nothing, or in words why it cannot be understood */
function dubboInstance(instance: NacosInstance, application: string): DubboInstance | string | undefined {
  const { ip, port, metadata, clusterName, ephemeral } = instance;
  const address = readAddress(ip);
  if (address === undefined) return `${JSON.stringify(ip)} is no address that others can reach`;
  const read = readDubboInstance(
    {
      address,
      port: port > 0 ? port : undefined,
      metadata,
      labels: clusterLabels(clusterName),
      enabled: healthOf(instance) === undefined,
      persistent: !ephemeral,
    },
    application,
  );
  return isDubboInstance(read) ? read : read.problem;
}
