/** The configuration in effect at a start: with what an earlier process on the same folder was given at run time. */
import type { LoadedConfig, ParseOptions } from "../config/load.ts";
import type { Logger } from "../log/logger.ts";
import { LiveConfig } from "./live-config.ts";

export async function openLiveConfig(file: LoadedConfig, parse: Omit<ParseOptions, "file">, log: Logger): Promise<LiveConfig> {
  const { folder } = file.config.lastKnownGood;
  if (folder === undefined) return new LiveConfig(file, { parse, log });
  const [{ AdditionsFile }, { StateFile }] = await Promise.all([
    import("../additions/additions-file.ts"),
    import("../last-known-good/state-file.ts"),
  ]);
  const store = new AdditionsFile(new StateFile(folder, "additions", log));
  return new LiveConfig(file, { parse, log, store, additions: await store.read() });
}
