/** One session of the `kubernetes` kind: the Services of one cluster. */
import type { StartSession } from "../../contract.ts";
import { ServicesSession } from "./services-session.ts";
import type { KubernetesSettings } from "./settings.ts";

export const start: StartSession = (context) => new ServicesSession(context, context.settings as KubernetesSettings);
