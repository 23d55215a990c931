/** Clusters whose kubeconfigs are files: named ones, those in a folder, and the cluster of the pod itself. */
import { WatchedFiles } from "../../access/watched-files.ts";
import type { Session, SessionContext } from "../../registries/contract.ts";
import type { ClusterItem, ClusterOffer } from "../offer.ts";
import { ClusterFiles, type FilePlaces } from "./cluster-files.ts";

export function start({ settings, emit }: SessionContext<ClusterItem>): Session {
  const files = new ClusterFiles(settings as FilePlaces);
  let watched: WatchedFiles | undefined;
  let paths: readonly string[] = [];

  const read = (): void => {
    watch(files.paths());
    const { offers, problems, unreadable } = files.read();
    for (const problem of problems) emit.problem(problem);
    if (unreadable === undefined) emit.replaced(offers.map(item));
    else {
      for (const offer of offers) emit.changed(item(offer));
      emit.unreachable(unreadable);
    }
  };
  /** Before they are read: what changes meanwhile is told, and so is another file in the folder. */
  const watch = (next: readonly string[]): void => {
    if (watched !== undefined && next.join("\n") === paths.join("\n")) return;
    paths = next;
    watched?.close();
    watched = new WatchedFiles(paths, read);
  };
  read();
  return {
    relist: read,
    close: async () => watched?.close(),
  };
}

function item(cluster: ClusterOffer): ClusterItem {
  return { kind: "cluster", cluster };
}
