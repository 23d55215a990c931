/** One session of the `dubbo-pods` kind: the pods of one cluster. */
import type { StartSession } from "../../../contract.ts";
import { decodeDubboRecords } from "../../../pod-records/dubbo-records.ts";
import { describedPodsSession } from "../described-pods-session.ts";
import type { DescribedPodsSettings } from "../settings.ts";

export const start: StartSession = (context) =>
  describedPodsSession(context, context.settings as DescribedPodsSettings, decodeDubboRecords);
