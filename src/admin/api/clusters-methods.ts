/** The methods of ClustersService. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import type { ClusterView } from "../../clusters/cluster-view.ts";
import { ClusterSchema, type ClustersService } from "../../gen/tributary/admin/v1/clusters_pb.ts";
import type { Changes, OwnedEntry } from "../changes.ts";
import { callerIn } from "./caller.ts";
import { changed, excerptOf, nameOf } from "./change-methods.ts";
import type { Inspection } from "./inspection.ts";
import { instant } from "./instants.ts";

/** Characters of a kubeconfig; a mesh's have some 10 thousand. */
const longestKubeconfig = 256 * 1024;

type ClusterMessage = MessageInitShape<typeof ClusterSchema>;

export function clustersMethods(
  { views, redact }: Pick<Inspection, "views" | "redact">,
  changes: Changes,
): ServiceImpl<typeof ClustersService> {
  const clusters = (): ClusterMessage[] => {
    const added = changes.clusters().filter(({ position }) => position === undefined);
    const known = views.clusters().clusters.map((view) =>
      clusterMessage(
        view,
        added.find(({ id }) => id === view.id),
        redact,
      ),
    );
    // Those of which the worker that reads them has not told yet.
    const waiting = added.filter(({ id }) => known.every((one) => one.id !== id));
    return [...known, ...waiting.map(waitingMessage)];
  };
  return {
    listClusters: () => ({ clusters: clusters() }),
    getCluster({ id }) {
      const found = clusters().find((one) => one.id === id);
      if (found === undefined) throw new ConnectError(`there is no cluster ${JSON.stringify(id.slice(0, 100))}`, Code.NotFound);
      return create(ClusterSchema, found);
    },
    setClusters({ config, fileName, onlyNew, kubeconfigs }, context) {
      for (const [id, text] of Object.entries(kubeconfigs)) {
        if (text.length <= longestKubeconfig) continue;
        throw new ConnectError(
          `the kubeconfig of ${id.slice(0, 100)} is longer than ${longestKubeconfig} characters`,
          Code.InvalidArgument,
        );
      }
      const request = { text: config, shownAs: nameOf(fileName), by: callerIn(context), onlyNew };
      return changed(() => changes.setClusters(request, kubeconfigs));
    },
    removeCluster: ({ id }, context) => changed(() => changes.removeCluster(id, callerIn(context))),
    setDefaultCluster: ({ id }, context) => changed(() => changes.setDefaultCluster(id || undefined, callerIn(context))),
  };
}

function clusterMessage(view: ClusterView, added: OwnedEntry | undefined, redact: (text: string) => string): ClusterMessage {
  const { id, state, reason, place, owner, rejected, server, isLocal, isDefault, services, endpoints } = view;
  return {
    id,
    state,
    reason: redact(reason ?? ""),
    place,
    owner,
    rejected: [...rejected],
    server: server ?? "",
    local: isLocal,
    default: isDefault,
    services,
    endpoints,
    ...(added && { addedBy: added.by ?? "", added: instant(added.at), config: excerptOf(added) }),
  };
}

function waitingMessage(added: OwnedEntry): ClusterMessage {
  const { id, by = "", at, problem = "" } = added;
  return { id, reason: problem, place: "run-time", owner: by, addedBy: by, added: instant(at), config: excerptOf(added) };
}
