/** One session of the `sofa` kind: through a session server's subscriptions, or by reading data servers over HTTP. */
import type { StartSession } from "../contract.ts";
import { KeptConnection } from "./follow/kept-connection.ts";
import type { SofaSettings } from "./settings.ts";

export const start: StartSession = (context) => new KeptConnection(context, context.settings as SofaSettings);
