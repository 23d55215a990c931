/** Workers as threads of this process. */
import { isDeepStrictEqual } from "node:util";
import { Worker, type WorkerOptions } from "node:worker_threads";
import type { HeapLimits, WorkerHost } from "./worker-host.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

const entry = new URL("./worker/worker-entry.ts", import.meta.url);

/** A thread that waits to be told what it is for, within the limits it was made with. */
let spare: { readonly worker: Worker; readonly limits: HeapLimits } | undefined;

/**
 * Makes a thread ready for the next registry that starts: it boots while the configuration is still
 * being read, which takes about as long. A spare that nobody needs keeps no process alive. Gives
 * the thread; undefined: there is none to be had.
 */
export function prepareThread(limits: HeapLimits): Worker | undefined {
  try {
    const worker = new Worker(entry, options(limits));
    spare = { worker, limits };
    // Nothing of a thread without a purpose matters; whoever takes it listens for itself.
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (spare?.worker === worker) spare = undefined;
    });
    worker.unref();
    return worker;
  } catch {
    // The registry that would have taken it says so.
    return undefined;
  }
}

function newThread(start: WorkerStart, limits: HeapLimits): Worker {
  if (spare === undefined || !isDeepStrictEqual(spare.limits, limits)) return new Worker(entry, { ...options(limits), workerData: start });
  const { worker } = spare;
  spare = undefined;
  worker.ref();
  worker.postMessage({ type: "start", start } satisfies ToWorker);
  return worker;
}

export const threadHost: WorkerHost = {
  start(start, limits, events) {
    let worker: Worker;
    try {
      worker = newThread(start, limits);
    } catch (error) {
      // The system has no thread or memory left.
      setImmediate(() => events.exit(describeCrash(error)));
      return { post() {}, terminate() {} };
    }
    let cause: string | undefined;
    worker.on("message", (message: FromWorker) => events.message(message));
    worker.on("messageerror", (error) => {
      cause ??= `sent an unreadable message: ${error.message}`;
      void worker.terminate();
    });
    worker.on("error", (error) => {
      cause ??= describeCrash(error);
    });
    worker.on("exit", (code) => events.exit(cause ?? `its worker ended with code ${code}`));
    for (const output of [worker.stdout, worker.stderr]) {
      output.on("data", (chunk: Buffer) => {
        const message = chunk.toString().trimEnd().slice(0, 2_000);
        events.message({ type: "log", level: "debug", fields: "{}", message: `printed: ${message}` });
      });
    }
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  },
};

function options(limits: HeapLimits): WorkerOptions {
  return {
    name: "registry",
    resourceLimits: { maxOldGenerationSizeMb: limits.oldGenerationMb, maxYoungGenerationSizeMb: limits.youngGenerationMb },
    // What a client library prints must not mix with the program's own output; see below.
    stdout: true,
    stderr: true,
  };
}

function describeCrash(error: unknown): string {
  // Anything can be thrown in a worker, not only errors.
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "its worker reached its heap limit";
  return `its worker crashed: ${String(message ?? error).slice(0, 500)}`;
}
