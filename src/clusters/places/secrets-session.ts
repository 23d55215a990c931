/**
 * Clusters from Istio's remote secrets, followed live in the local cluster: Secrets with the label
 * `istio/multiCluster=true`, in which every key is a cluster's id and its value a kubeconfig.
 */
import type { Session, SessionContext } from "../../registries/contract.ts";
import type { ClusterTimes } from "../../registries/kubernetes/reflector/cluster-times.ts";
import { ReflectedCluster } from "../../registries/kubernetes/reflector/reflected-cluster.ts";
import type { Reflector } from "../../registries/kubernetes/reflector/reflector.ts";
import { itemId } from "../../registries/service.ts";
import type { ClusterCredential } from "../credential.ts";
import type { KubeconfigAllowance } from "../kubeconfig/allowance.ts";
import type { ClusterItem } from "../offer.ts";
import { type RemoteSecret, remoteSecret } from "./remote-secret.ts";

/** What the session needs to know; made from the configuration and from the local cluster's credential. */
export interface SecretsPlace {
  readonly cluster: ClusterCredential;
  readonly namespace: string;
  readonly allow: readonly KubeconfigAllowance[];
  readonly times: ClusterTimes;
}

export function start({ settings, emit, log }: SessionContext<ClusterItem>): Session {
  const { cluster, namespace, allow, times } = settings as SecretsPlace;
  const itemsOf = ({ offers }: RemoteSecret): ClusterItem[] =>
    offers.flatMap((offer) => (offer.id === cluster.id ? [] : [{ kind: "cluster", cluster: offer }]));
  const reflected = new ReflectedCluster({
    credential: cluster,
    times,
    emit,
    log,
    complete() {
      const lack = reflected.refusal(secrets);
      if (lack !== undefined) emit.unreachable(lack);
      else emit.replaced([...secrets.objects.values()].flatMap(itemsOf));
    },
  });
  const secrets: Reflector<RemoteSecret> = reflected.reflect(
    {
      name: "secrets",
      group: "/api/v1",
      namespace,
      labelSelector: "istio/multiCluster=true",
      project(object) {
        const secret = remoteSecret(object, allow);
        for (const problem of secret.problems) emit.problem(problem);
        return secret;
      },
    },
    (_key, now, before) => {
      // What is not listed as yet is told by its listing.
      if (!secrets.isListed) return;
      const items = now === undefined ? [] : itemsOf(now);
      const ids = new Set(items.map(itemId));
      for (const item of items) emit.changed(item);
      for (const item of before === undefined ? [] : itemsOf(before)) if (!ids.has(itemId(item))) emit.removed(itemId(item));
    },
  );
  return {
    relist: () => reflected.relist(),
    update(next) {
      const { cluster: renewed, ...others } = next as SecretsPlace;
      if (JSON.stringify(others) !== JSON.stringify({ namespace, allow, times }) || renewed.id !== cluster.id) return false;
      void reflected.update(renewed);
      return true;
    },
    close: async () => reflected.close(),
  };
}
