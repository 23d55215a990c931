/** A translated Istio object, ready to be encoded: the output of the mesh room. */
import type { ServiceEntry, Sidecar, WorkloadEntry } from "../gen/istio/networking/v1alpha3/networking_pb.ts";

interface MeshObjectBase {
  readonly namespace: string;
  /** Kubernetes-legal object name. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export type MeshObject =
  | (MeshObjectBase & { readonly kind: "ServiceEntry"; readonly spec: ServiceEntry })
  | (MeshObjectBase & { readonly kind: "WorkloadEntry"; readonly spec: WorkloadEntry })
  | (MeshObjectBase & { readonly kind: "Sidecar"; readonly spec: Sidecar });

/** Something of a service that is not served, and why. Counted per code, listed in `check`. */
export interface MeshProblem {
  /** `instance`: this endpoint is left out. `service`: the whole object is withheld. `note`: served, but changed. */
  readonly costs: "instance" | "service" | "note";
  /** Stable word, listed in `docs/errors.md`. */
  readonly code: string;
  /** Which service or endpoint. */
  readonly where: string;
  readonly message: string;
}

export interface Translation {
  /** Undefined when the service is withheld; `problems` then names the reason. */
  readonly object: MeshObject | undefined;
  readonly problems: readonly MeshProblem[];
}
