/** Admin views with one registry of each phase, for tests of what is printed and exported. */
import type { AdminViews, RegistryView } from "../../src/admin/views.ts";

export function registryView(id: string, changes: Partial<RegistryView> = {}): RegistryView {
  return {
    id,
    type: "file",
    required: true,
    status: { phase: "live", since: 0, synced: true, lastContact: 5_000, epoch: 0, restarts: 0 },
    memory: { heap: 20_000_000, external: 3_000_000 },
    services: 3,
    endpoints: 7,
    heldEndpoints: 0,
    holdReason: undefined,
    protection: {
      state: "live",
      services: { live: 3, stale: 0, protected: 0 },
      holds: [],
      itemHolds: [],
      growth: [],
      operator: {},
      heldItems: 0,
      heldEndpoints: 0,
      dampedEndpoints: 0,
      waitingEndpoints: 0,
      returns: 0,
      growths: 0,
    },
    resources: 1,
    facts: 0,
    events: { upsert: 4 },
    problems: {},
    ...changes,
  };
}

export function fakeViews(changes: Partial<AdminViews> = {}): AdminViews {
  return {
    listening: () => true,
    complete: () => true,
    registries: () => [registryView("files")],
    clusters: () => ({ places: [], clusters: [] }),
    types: () => [{ type: "networking.istio.io/ServiceEntry", resources: 3, bytes: 900, digest: "d1" }],
    clients: () => [],
    kept: () => [],
    stateDigest: () => "abc",
    sequence: () => 12,
    rejected: () => [],
    clashes: () => [],
    merges: () => ({ services: {}, conflicts: 0, pending: 0, shadows: [] }),
    ...changes,
  };
}
