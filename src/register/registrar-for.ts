/** A registrar with everything that is not said filled in: by the format, the environment, and the pod's service account. */
import { podAccess } from "../clusters/places/pod-access.ts";
import type { RegisterFormat } from "./annotation.ts";
import { type ApiAccess, OwnPod, type PodIdentity } from "./own-pod.ts";
import { Registrar, type RegistrarEvents } from "./registrar.ts";

export interface RegisterOptions {
  /** Default: from the environment, `POD_NAMESPACE`, `POD_NAME`, `POD_UID`. */
  readonly pod?: PodIdentity;
  /** Address of services that name none. Default: `POD_IP`, else what the API server says. */
  readonly address?: string;
  /** Default: `json-services`. */
  readonly format?: RegisterFormat;
  /** Key of the annotation. Default: that of the format. */
  readonly annotation?: string;
  /** The label that readers select. Default: that of the format. */
  readonly label?: { readonly key: string; readonly value: string };
  /** Tells what this process wrote from what others in the pod write. Default: `register`. */
  readonly writer?: string;
  /** How the API server is reached. Default: by the pod's service account. */
  readonly access?: () => ApiAccess;
  readonly events?: Partial<RegistrarEvents>;
  /** How often it is looked whether everything still stands there. Default: 60 000 ms. */
  readonly checkMs?: number;
}

const formats = {
  "json-services": { annotation: "tributary.dev/services", label: { key: "tributary.dev/services", value: "json-services" } },
  "dubbo-records": { annotation: "dubbo.io/annotation", label: { key: "dubbo.io/label", value: "dubbo.io.provider" } },
} as const satisfies Record<RegisterFormat, Pick<Required<RegisterOptions>, "annotation" | "label">>;

/** @throws an Error if the environment does not say which pod it is */
export function registrarFor(options: RegisterOptions): Registrar {
  const { format = "json-services", events } = options;
  const identity = options.pod ?? podOfEnvironment(process.env);
  return new Registrar({
    pod: new OwnPod(identity, options.access ?? accessOfPod),
    format,
    writer: options.writer ?? "register",
    annotation: options.annotation ?? formats[format].annotation,
    label: options.label ?? formats[format].label,
    uid: identity.uid,
    address: options.address ?? (process.env.POD_IP || undefined),
    events: { written: () => {}, failed: () => {}, lost: () => {}, ...events },
    checkMs: options.checkMs ?? 60_000,
  });
}

function podOfEnvironment({ POD_NAMESPACE, POD_NAME, POD_UID }: NodeJS.ProcessEnv): PodIdentity {
  if (!POD_NAMESPACE || !POD_NAME) {
    throw new Error("POD_NAMESPACE and POD_NAME are not set; let the Downward API set them in the pod's specification");
  }
  return { namespace: POD_NAMESPACE, name: POD_NAME, uid: POD_UID || undefined };
}

function accessOfPod(): ApiAccess {
  const { access, refused } = podAccess("own");
  if (access === undefined) throw new Error(refused);
  return access;
}
