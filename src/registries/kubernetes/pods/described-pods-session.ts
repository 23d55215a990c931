import type { Session, SessionContext } from "../../contract.ts";
import { nameMatcher } from "../../name-filter.ts";
import type { Decode } from "../../pod-records/registrations.ts";
import { DescribedPods } from "./described-pods.ts";

import { PodsSession } from "./pods-session.ts";
import type { DescribedPodsSettings } from "./settings.ts";

/** A session that tells the services of pods that describe themselves in an annotation. */
export function describedPodsSession(context: SessionContext, settings: DescribedPodsSettings, decode: Decode): Session {
  const { emit, known } = context;
  const { cluster, annotation, foreignAddresses, labels } = settings;
  const report: typeof emit.problem = (problem) => emit.problem(problem);
  return new PodsSession(
    context,
    settings,
    annotation,
    (nodeLocality) =>
      new DescribedPods({ cluster, annotation, foreignAddresses, decode, nodeLocality, isWanted: nameMatcher(labels), report, known }),
  );
}
