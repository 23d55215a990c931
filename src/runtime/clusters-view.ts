/** The clusters with what the registries read from them. */
import type { ClustersView } from "../admin/views.ts";
import { clusterView } from "../clusters/cluster-view.ts";
import { clusterOf } from "../registries/source-id.ts";
import type { Pipeline } from "./pipeline.ts";

/** `redact`: takes secrets out of a text; what API servers say of their failures may hold some. */
export function clustersView({ catalog, clusters }: Pipeline, redact: (text: string) => string): ClustersView {
  const now = Date.now();
  const reports = catalog.reports();
  return {
    places: clusters.places(),
    clusters: clusters.list().map((report) => {
      const sources = reports.filter(({ id }) => clusterOf(id) === report.id);
      const isDefault = report.id === clusters.default;
      const view = clusterView(report, { sources, isDefault, syncTimeout: clusters.syncTimeout, now });
      return view.reason === undefined ? view : { ...view, reason: redact(view.reason) };
    }),
  };
}
