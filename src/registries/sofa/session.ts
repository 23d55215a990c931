/** One session of the `sofa` kind: through a session server's subscriptions, or by reading data servers over HTTP. */
import type { StartSession } from "../contract.ts";
import { KeptConnection } from "./follow/kept-connection.ts";
import { Polling } from "./follow/polling.ts";
import type { SofaSettings } from "./settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as SofaSettings;
  return settings.transport === "http" ? new Polling(context, settings) : new KeptConnection(context, settings);
};
