/** Every key that Tributary itself puts on objects. Nothing else of ours is visible in a mesh. */
export const ownPrefix = "tributary.dev/";

/** On endpoints: ids of the registries that name the endpoint, joined by dots. */
export const registryLabel = `${ownPrefix}registry`;
/** On endpoints: the Kubernetes cluster in which it runs, where that is known. */
export const clusterLabel = `${ownPrefix}cluster`;
/** On endpoints, with `mesh.sourceLabels`: one label for each registry and cluster that names the endpoint; its id follows. */
export const eachRegistryPrefix = `registry.${ownPrefix}`;
export const eachClusterPrefix = `cluster.${ownPrefix}`;
/** On ServiceEntries: the kind of the first registry of the configuration that gives the service, whichever serves. */
export const kindLabel = `${ownPrefix}kind`;
/** On objects: the registries that give it, joined by commas. An annotation, because a change of labels is a full push in istiod. */
export const registriesAnnotation = `${ownPrefix}registries`;
/** On ServiceEntries: the exact key `namespace|group|name|version` of the service in its registry. */
export const serviceAnnotation = `${ownPrefix}service`;

/** Istio's label that says: this endpoint has a sidecar that terminates mesh mTLS. */
export const tlsModeLabel = "security.istio.io/tlsMode";
