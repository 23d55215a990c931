/** `tributary register`: runs beside an application in its pod and keeps the pod's registration. */
import { unwatchFile, watchFile } from "node:fs";
import { readBoundedFile } from "../config/files/bounded-file.ts";
import { createLogger } from "../log/create-logger.ts";
import type { RegisterFormat } from "../register/annotation.ts";
import { type LocalInput, listenLocally } from "../register/local-input.ts";
import type { ApiAccess } from "../register/own-pod.ts";
import { registrarFor } from "../register/registrar-for.ts";
import { parseServices } from "../register/service-document.ts";
import type { OfferedService } from "../registries/pod-records/offered-service.ts";

export interface RegisterCommand {
  readonly service: readonly OfferedService[];
  readonly file?: string;
  readonly listen?: number;
  readonly format: RegisterFormat;
  readonly annotation?: string;
  readonly label?: { readonly key: string; readonly value: string };
  readonly writer: string;
  readonly server?: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

const maxFile = 256 * 1024;
const pollMs = 1_000;

export async function register(command: RegisterCommand): Promise<number> {
  const log = await createLogger({ level: "info", format: "auto" });
  const { format, annotation, label, writer, file, listen } = command;
  const signal = new Promise<string>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
  const lost = Promise.withResolvers<string>();
  /** An outage may be long: its reason is told once. */
  let failure: string | undefined;
  const registrar = registrarFor({
    format,
    writer,
    ...(annotation !== undefined && { annotation }),
    ...(label !== undefined && { label }),
    ...(command.server !== undefined && { access: () => accessOf(command) }),
    events: {
      written(services) {
        failure = undefined;
        log.info({ services }, "the pod says what it is to say");
      },
      failed(reason) {
        if (reason !== failure) log.warn({}, `not written, tried again until it is: ${reason}`);
        failure = reason;
      },
      lost: lost.resolve,
    },
  });
  const parts = new Map<string, readonly OfferedService[]>([["flags", command.service]]);
  const set = (source: string, services: readonly OfferedService[]): Promise<void> => {
    parts.set(source, services);
    return registrar.set([...parts.values()].flat());
  };
  if (file !== undefined) {
    parts.set("file", parseServices(readBoundedFile(file, maxFile)));
    watchFile(file, { interval: pollMs, persistent: false }, () => {
      try {
        set("file", parseServices(readBoundedFile(file, maxFile))).catch(() => {});
      } catch (error) {
        log.warn({ file }, `the file is not taken over, what it said before stays: ${(error as Error).message}`);
      }
    });
  }
  const input: LocalInput | undefined =
    listen === undefined ? undefined : await listenLocally(listen, (services) => set("local", services));
  if (input) log.info({ port: input.port }, "listening on loopback");
  set("flags", command.service).catch(() => {});
  // Signals alone would not keep the process.
  const alive = setInterval(() => {}, 2 ** 30);
  const end = await Promise.race([signal, lost.promise.then((reason) => ({ reason }))]);
  if (file !== undefined) unwatchFile(file);
  input?.close();
  if (typeof end === "string") log.info({ signal: end }, "withdrawing");
  else log.error({}, `nothing is written any more: ${end.reason}`);
  await registrar.withdraw();
  clearInterval(alive);
  log.flush();
  return typeof end === "string" ? 0 : 1;
}

function accessOf({ server = "", tokenFile, caFile }: RegisterCommand): ApiAccess {
  return {
    server,
    ...(caFile !== undefined && { ca: readBoundedFile(caFile, maxFile) }),
    ...(tokenFile !== undefined && { token: readBoundedFile(tokenFile, maxFile).trim() }),
  };
}
