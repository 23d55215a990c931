/** How Tributary gets into istiod's pod: overlays for `istioctl install -f`, and values for the istiod chart. */
import { container, nativeSidecar, volumes } from "./container.ts";
import { configSources, istiodName, type Manifest, type ManifestSettings, metricsPort, metricsPortName } from "./settings.ts";

const servicePort = { name: metricsPortName, port: metricsPort, targetPort: metricsPort, protocol: "TCP" };

/** By values: istioctl 1.24 and later. They are not validated by istioctl, because its types lack `initContainers`. */
export function byValues(settings: ManifestSettings): Manifest {
  return operator(settings, {
    values: { pilot: { volumes } },
    unvalidatedValues: { pilot: { initContainers: [nativeSidecar(settings)] } },
  });
}

/** By overlays on what istioctl renders: also before 1.24, and with a port at istiod's Service. */
export function byOverlays(settings: ManifestSettings): Manifest {
  // A whole list: appending to one that is not there writes a wrong key, and says nothing.
  const patches = [{ path: "spec.template.spec.initContainers", value: [nativeSidecar(settings)] }, ...volumePatches];
  return operator(settings, { components: { pilot: { k8s: { overlays: overlays(settings, patches) } } } });
}

/** For clusters without native sidecars: istiod may end once or twice, until we listen. */
export function asPlainContainer(settings: ManifestSettings): Manifest {
  const patches = [{ path: "spec.template.spec.containers[-1]", value: container(settings) }, ...volumePatches];
  return operator(settings, { components: { pilot: { k8s: { overlays: overlays(settings, patches) } } } });
}

/** Values of the istiod chart, 1.24 and later. */
export function chartValues(settings: ManifestSettings): Manifest {
  return {
    ...(settings.revision !== "" && { revision: settings.revision }),
    initContainers: [nativeSidecar(settings)],
    volumes,
    meshConfig: { configSources: configSources(settings) },
  };
}

const volumePatches = volumes.map((value) => ({ path: "spec.template.spec.volumes[-1]", value }));

function overlays(settings: ManifestSettings, patches: readonly Manifest[]): Manifest[] {
  const name = istiodName(settings);
  return [
    { kind: "Deployment", name, patches },
    { kind: "Service", name, patches: [{ path: "spec.ports[-1]", value: servicePort }] },
  ];
}

function operator(settings: ManifestSettings, spec: Manifest): Manifest {
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { namespace: settings.namespace, name: "tributary" },
    spec: {
      ...(settings.revision !== "" && { revision: settings.revision }),
      meshConfig: { configSources: configSources(settings) },
      ...spec,
    },
  };
}
