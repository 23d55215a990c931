/** The scripted session of a source in a cluster: its script lies in the cluster's credential. */
import type { SessionContext, StartSession } from "../../src/registries/contract.ts";
import { type ScriptedSettings, start as startScripted } from "./scripted-session.ts";

export const scriptedClusterSession = new URL(import.meta.url);

export const start: StartSession = (context: SessionContext) => {
  const session = startScripted({ ...context, settings: scriptIn(context.settings) });
  return { ...session, update: (settings) => session.update?.(scriptIn(settings)) === true };
};

function scriptIn(settings: unknown): ScriptedSettings {
  return (settings as { cluster: ScriptedSettings }).cluster;
}
