/** Reads what was added: as it is given, and again after a start or when a secret file changed. */
import { readKubeconfig } from "../clusters/kubeconfig/read-kubeconfig.ts";
import { ConfigErrors } from "../config/config-errors.ts";
import { type Excerpt, type ExcerptEntry, type ExcerptOptions, type ExcerptSection, parseExcerpt } from "../config/excerpt.ts";
import type { ClusterConfig, RegistryConfig } from "../config/schema.ts";
import { TributaryError } from "../errors/tributary-error.ts";
import type { Added } from "./added-list.ts";
import type { Addition } from "./addition.ts";

/** In what configuration, and how references are resolved. */
export type ReadingContext = Omit<ExcerptOptions, "section" | "shownAs">;

/** What is given, in the words of a change. */
export interface GivenText {
  /** An excerpt of a configuration. */
  readonly text: string;
  readonly shownAs: string;
  readonly by: string;
  /** Epoch ms. */
  readonly at: number;
}

/** @throws ConfigErrors */
export function readGivenRegistries({ text, shownAs, by, at }: GivenText, context: ReadingContext): readonly Added<RegistryConfig>[] {
  const excerpt = parseExcerpt(text, { ...context, section: "registries", shownAs });
  return excerpt.registries.map(({ config, written }) => added(config, { id: config.id, written, by, at }, excerpt));
}

/**
 * @param kubeconfigs texts by cluster, of those that name no file
 * @throws ConfigErrors
 */
export function readGivenClusters(
  { text, shownAs, by, at }: GivenText,
  kubeconfigs: Readonly<Record<string, string>>,
  context: ReadingContext,
): readonly Added<ClusterConfig>[] {
  const excerpt = parseExcerpt(text, { ...context, section: "clusters", shownAs });
  return excerpt.clusters.map(({ config, written }) => {
    const kubeconfig = Object.hasOwn(kubeconfigs, config.id) ? kubeconfigs[config.id] : undefined;
    const problem = kubeconfigProblem(config, kubeconfig, context);
    if (problem !== undefined) throw new ConfigErrors([new TributaryError("CONFIG_INVALID", problem, { position: { file: shownAs } })]);
    return added(config, { id: config.id, written, by, at, ...(kubeconfig !== undefined && { kubeconfig }) }, excerpt);
  });
}

/** Never throws: what cannot be used is kept with the reason. */
export function readRegistry(addition: Addition, context: ReadingContext): Added<RegistryConfig> {
  return readAgain(addition, "registries", { registries: [addition.written] }, context, ({ registries }) => registries);
}

/** As `readRegistry`. */
export function readCluster(addition: Addition, context: ReadingContext): Added<ClusterConfig> {
  return readAgain(addition, "clusters", { clusters: { list: [addition.written] } }, context, ({ clusters }) => clusters);
}

function readAgain<T extends { readonly id: string }>(
  addition: Addition,
  section: ExcerptSection,
  excerpt: object,
  context: ReadingContext,
  entriesOf: (excerpt: Excerpt) => readonly ExcerptEntry<T>[],
): Added<T> {
  try {
    const read = parseExcerpt(JSON.stringify(excerpt), { ...context, section, shownAs: `${addition.id}, added at run time` });
    const [entry] = entriesOf(read);
    if (entry?.config.id !== addition.id) return { addition, problem: "it is not what its id says", secrets: [], files: [] };
    return added(entry.config, addition, read);
  } catch (error) {
    const files = error instanceof ConfigErrors ? error.files : [];
    return { addition, problem: (error as Error).message, secrets: [], files };
  }
}

function added<T>(config: T, addition: Addition, { secrets, files }: Excerpt): Added<T> {
  return { addition, config, secrets, files };
}

/** What is wrong with how the cluster is to be reached, as far as that can be seen without asking it. */
function kubeconfigProblem({ id, kubeconfig, inCluster }: ClusterConfig, text: string | undefined, { base }: ReadingContext) {
  if (inCluster) return `cluster ${id}: \`inCluster\` can be set in the configuration file only`;
  if (kubeconfig !== undefined && text !== undefined) return `cluster ${id}: its kubeconfig is given by path and by content; one is enough`;
  if (kubeconfig === undefined && text === undefined) return `cluster ${id}: a kubeconfig is missing, by path or by content`;
  const refused = text === undefined ? undefined : readKubeconfig(text, { allow: base.clusters.allow }).refused;
  return refused === undefined ? undefined : `cluster ${id}: its kubeconfig cannot be used: ${refused}`;
}
