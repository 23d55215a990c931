/** One session of the `annotated-pods` kind: the pods of one cluster. */
import type { StartSession } from "../../../contract.ts";
import { decoder } from "../../../pod-records/decoder.ts";
import { describedPodsSession } from "../described-pods-session.ts";
import type { AnnotatedPodsSettings } from "../settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as AnnotatedPodsSettings;
  return describedPodsSession(context, settings, decoder(settings.decoder, settings.template));
};
