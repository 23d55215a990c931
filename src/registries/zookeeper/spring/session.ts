/** One session of the `spring-cloud-zookeeper` kind: follows a services tree through a connection that is kept. */
import type { StartSession } from "../../contract.ts";
import { KeptSession } from "../connection/kept-session.ts";
import { KnownServices } from "./known-services.ts";
import { ServicesRoot } from "./services-root.ts";
import type { SpringSettings } from "./settings.ts";

export const start: StartSession = (context) => {
  const settings = context.settings as SpringSettings;
  const known = new KnownServices(context.known);
  const { emit, log } = context;
  return new KeptSession(context, settings, (client, listed) => new ServicesRoot({ client, settings, known, emit, log, listed }));
};
