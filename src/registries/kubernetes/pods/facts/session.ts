/** One session of the `pod-facts` kind: the pods of one cluster. */
import type { StartSession } from "../../../contract.ts";
import { nameMatcher } from "../../../name-filter.ts";

import { PodFacts } from "../pod-facts.ts";
import { PodsSession } from "../pods-session.ts";
import type { PodsSettings } from "../settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as PodsSettings;
  const isWanted = nameMatcher(settings.labels);
  return new PodsSession(
    context,
    settings,
    undefined,
    (nodeLocality) => new PodFacts({ cluster: settings.cluster, nodeLocality, isWanted }),
  );
};
