/** Composes what the admin API may look at: the rooms as they are, to be read only. */
import type { Inspection } from "../admin/api/inspection.ts";
import type { AdminViews } from "../admin/views.ts";
import type { LoadedConfig } from "../config/load.ts";
import { redact } from "../log/redact.ts";
import { inWords } from "../read-back/in-words.ts";
import { shardOf } from "../snapshot/shard.ts";
import type { XdsServer } from "../xds/port/server.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Listening } from "./tributary.ts";

export interface InspectedRooms {
  readonly pipeline: Pipeline;
  readonly views: AdminViews;
  readonly version: string;
  xds(): XdsServer | undefined;
  listening(): Partial<Listening>;
  loaded(): LoadedConfig;
}

export function inspectionOf({ pipeline, views, version, xds, listening, loaded }: InspectedRooms): Inspection {
  return {
    views,
    version,
    startedAt: Date.now() - performance.now(),
    ports: () =>
      Object.entries(listening()).flatMap(([name, { address, port, ...more }]) =>
        portsOf(port, more).map((each) => ({ name, address, port: each })),
      ),
    snapshot: () => pipeline.store.current(),
    clients: () => xds()?.clients() ?? [],
    shardOf: (name) => shardOf(name, pipeline.store.shards.length),
    catalog: pipeline.catalog,
    mesh: () => loaded().config.mesh,
    redact: (text) => redact(text, loaded().secrets),
    diff: async (text, shownAs, signal) => {
      // Loaded when it is asked for: nothing else needs a second catalog.
      const { diffCandidate } = await import("./candidate/diff-candidate.ts");
      return await diffCandidate(pipeline, loaded(), { text, shownAs }, signal);
    },
    vip: (name) => pipeline.vip(name),
    problems: (type, name) => pipeline.publisher.problemsOf({ type, name }),
    readBack: (type, name) => {
      const known = views.readBack?.resource(type, name);
      return known && inWords(known);
    },
  };
}

/** In the order in which they were opened. */
function portsOf(port: number, xds: { readonly ports?: readonly number[]; readonly incrementalPort?: number | undefined }): number[] {
  return [...(xds.ports ?? [port]), ...(xds.incrementalPort === undefined ? [] : [xds.incrementalPort])];
}
