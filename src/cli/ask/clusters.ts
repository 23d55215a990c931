/** `tributary clusters`: the Kubernetes clusters of a running server, and those that are added to it. */
import { parse } from "yaml";
import { changeText } from "../../admin/text/change-text.ts";
import { knownClustersText, knownClusterText } from "../../admin/text/known-clusters-text.ts";
import { TributaryError } from "../../errors/tributary-error.ts";
import { ClusterSchema, ClustersService, ListClustersResponseSchema } from "../../gen/tributary/admin/v1/clusters_pb.ts";
import { ChangeResponseSchema } from "../../gen/tributary/admin/v1/registries_pb.ts";
import { endWithReader } from "../closed-pipe.ts";
import { print } from "../output.ts";
import { askService } from "./admin-client.ts";
import type { AskOptions } from "./ask-options.ts";
import { readConfigText } from "./config-text.ts";

export async function list(options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await askService(ClustersService, options, (client) => client.listClusters({}));
  print(ListClustersResponseSchema, answer, options.output, ({ clusters }) => knownClustersText(clusters));
  return 0;
}

export async function get(id: string, options: AskOptions): Promise<number> {
  endWithReader();
  const answer = await askService(ClustersService, options, (client) => client.getCluster({ id }));
  print(ClusterSchema, answer, options.output, knownClusterText);
  return 0;
}

export async function set(
  file: string,
  options: AskOptions & { readonly onlyNew: boolean; readonly kubeconfig?: string },
): Promise<number> {
  const { onlyNew, kubeconfig } = options;
  const excerpt = readConfigText(file);
  const kubeconfigs = kubeconfig === undefined ? {} : { [theCluster(excerpt)]: readConfigText(kubeconfig).config };
  const answer = await askService(ClustersService, options, (client) => client.setClusters({ ...excerpt, onlyNew, kubeconfigs }));
  print(ChangeResponseSchema, answer, options.output, changeText);
  return 0;
}

export async function remove(id: string, options: AskOptions): Promise<number> {
  const answer = await askService(ClustersService, options, (client) => client.removeCluster({ id }));
  print(ChangeResponseSchema, answer, options.output, changeText);
  return 0;
}

export async function setDefault(id: string | undefined, options: AskOptions): Promise<number> {
  const answer = await askService(ClustersService, options, (client) => client.setDefaultCluster({ id: id ?? "" }));
  print(ChangeResponseSchema, answer, options.output, changeText);
  return 0;
}

/** Whose the kubeconfig is. What else is wrong with the excerpt, the server says. */
function theCluster({ config, fileName }: { readonly config: string; readonly fileName: string }): string {
  const { clusters } = (parse(config) ?? {}) as { clusters?: { list?: readonly { id?: unknown; kubeconfig?: unknown }[] } };
  const without = (Array.isArray(clusters?.list) ? clusters.list : []).filter((one) => one?.kubeconfig === undefined);
  const [only] = without;
  if (without.length === 1 && typeof only?.id === "string") return only.id;
  const message = "--kubeconfig belongs to the one cluster of the excerpt that names no file, and there is not one";
  throw new TributaryError("CONFIG_INVALID", message, { position: { file: fileName } });
}
