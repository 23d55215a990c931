import type { Service } from "../../service.ts";
import { instanceId, instanceOf } from "../provider-services.ts";
import type { ProviderUrl } from "../provider-url.ts";

/** An application as a service of its own, for its instances of which nothing tells the services. It may have none. */
export function applicationService(name: string, providers: readonly ProviderUrl[]): Service {
  const instances = new Map(providers.map((provider) => [instanceId(provider), provider]));
  return {
    key: { name },
    instances: [...instances].map(([id, provider]) => instanceOf(id, provider)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    annotations: { "dubbo.application": name },
  };
}
