/** The operators' switch that stops all pushes of a cluster. While it is closed, the registry looks like one in which nothing happens. */
import type { Logger } from "../../../log/logger.ts";
import { isPushStopped } from "../http/session-pages.ts";
import type { SofaSettings } from "../settings.ts";

export const pushSwitchClosed =
  "the cluster's push switch is closed (stopPushDataSwitch), so nothing is pushed to anybody; open it at the meta server to go on";

export class PushSwitch {
  readonly #settings: Pick<SofaSettings, "endpoints" | "requestTimeout">;
  readonly #log: Pick<Logger, "debug">;

  constructor(settings: Pick<SofaSettings, "endpoints" | "requestTimeout">, log: Pick<Logger, "debug">) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Undefined: nobody tells. */
  async isClosed(): Promise<boolean | undefined> {
    for (const endpoint of this.#settings.endpoints) {
      try {
        return await isPushStopped(endpoint, this.#settings.requestTimeout);
      } catch (error) {
        this.#log.debug({}, `the push switch cannot be seen: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return undefined;
  }
}
