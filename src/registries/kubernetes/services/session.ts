/** One session of the `kubernetes` kind: the Services of one cluster, or the names of those that istiod has by itself. */
import type { StartSession } from "../../contract.ts";
import { OwnClusterSession } from "./own-cluster-session.ts";
import { ServicesSession } from "./services-session.ts";
import type { KubernetesSettings } from "./settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as KubernetesSettings;
  const isOwn = settings.cluster.local === true && !settings.ownCluster;
  return isOwn ? new OwnClusterSession(context, settings) : new ServicesSession(context, settings);
};
