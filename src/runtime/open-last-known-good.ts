/** Opens the folder of last-known-good, if the configuration names one. Without it nothing of that room is loaded. */
import type { Config } from "../config/schema.ts";
import type { Logger } from "../log/logger.ts";
import type { KeptRegistries } from "./kept-registries.ts";

/** @param version of the program. @throws TributaryError STATE_IN_USE */
export async function openLastKnownGood(config: Config, log: Logger, version: string): Promise<KeptRegistries | undefined> {
  const { lastKnownGood, registries, unreadable = [], admin } = config;
  const { folder, peers, peerTimeout } = lastKnownGood;
  if (folder === undefined) return undefined;
  const [{ LastKnownGood }, { StateFile }, { KeptRegistries }, { KeptResources }, { OperatorWords }] = await Promise.all([
    import("../last-known-good/last-known-good.ts"),
    import("../last-known-good/state-file.ts"),
    import("./kept-registries.ts"),
    import("./kept-resources.ts"),
    import("./operator/operator-words.ts"),
  ]);
  const kept = await LastKnownGood.open({ folder, registries: [...registries, ...unreadable].map(({ id }) => id), log });
  const resources = new KeptResources(kept.resources(), kept.slices, config, version);
  const beside = { operator: await OperatorWords.open(new StateFile(folder, "operator", log)), resources };
  const { tls, port } = admin;
  if (peers.length === 0 || tls === undefined) return new KeptRegistries(kept, log, beside);
  const { Peers } = await import("../last-known-good/peers/peers.ts");
  const asked = new Peers({ peers, tls, timeout: peerTimeout, port, log, slices: kept.slices });
  return new KeptRegistries(kept, log, beside, (owner) => asked.newest(owner));
}
