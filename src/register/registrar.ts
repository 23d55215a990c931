/** Keeps what the pod says of itself as it is wanted: writes it, looks after it, and takes it back. */
import { type BackOffLimits, backOff } from "../registries/back-off.ts";
import { ApiFailure } from "../registries/kubernetes/connection/api-failure.ts";
import type { OfferedService } from "../registries/pod-records/offered-service.ts";
import { type RegisterFormat, withOwnPart } from "./annotation.ts";
import type { OwnPod, OwnPodState, PodPatch } from "./own-pod.ts";

export interface RegistrarOptions {
  readonly pod: Pick<OwnPod, "read" | "patch" | "close">;
  readonly format: RegisterFormat;
  readonly writer: string;
  readonly annotation: string;
  readonly label: { readonly key: string; readonly value: string };
  /** Undefined: whatever pod has the name when it is read first. */
  readonly uid: string | undefined;
  /** Undefined: the one that the API server names. */
  readonly address: string | undefined;
  readonly events: RegistrarEvents;
  /** How often it is looked whether everything still stands there, in ms. */
  readonly checkMs: number;
}

export interface RegistrarEvents {
  /** The pod says what it is to say: it was just written, or is found so after failures. */
  written(services: number): void;
  /** An attempt failed; the next one comes by itself. */
  failed(reason: string): void;
  /** The pod is gone, or another one has its name: nothing is written any more. */
  lost(reason: string): void;
}

const retries: BackOffLimits = { firstMs: 100, mostMs: 10_000 };

class PodLost extends Error {}

export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #startedAt = Math.floor(Date.now() / 1000);
  #services: readonly OfferedService[] = [];
  #uid: string | undefined;
  /** Counts what was wanted; what was written last is compared with it. */
  #wanted = 0;
  #waiting: { readonly wanted: number; readonly done: PromiseWithResolvers<void> }[] = [];
  #wake = Promise.withResolvers<void>();
  #isWithdrawn = false;
  #isClosed = false;
  #running: Promise<void> | undefined;

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#uid = options.uid;
  }

  /** These are the services from now on. Resolves once the pod says so; rejects only if the pod is lost. */
  set(services: readonly OfferedService[]): Promise<void> {
    this.#services = services;
    this.#wanted += 1;
    const done = Promise.withResolvers<void>();
    this.#waiting.push({ wanted: this.#wanted, done });
    this.#wake.resolve();
    this.#running ??= this.#run();
    return done.promise;
  }

  /** Takes everything of ours back and ends. Resolves also if that could not be written within `withinMs`. */
  async withdraw(withinMs = 5_000): Promise<void> {
    this.#isWithdrawn = true;
    const late = AbortSignal.timeout(withinMs);
    const gaveUp = new Promise<void>((resolve) => late.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([this.set([]).catch(() => {}), gaveUp]);
    this.#isClosed = true;
    this.#wake.resolve();
    this.#options.pod.close();
  }

  async #run(): Promise<void> {
    const { events, checkMs } = this.#options;
    let attempt = 0;
    while (!this.#isClosed) {
      const wanted = this.#wanted;
      this.#wake = Promise.withResolvers<void>();
      try {
        if ((await this.#write()) || attempt > 0) events.written(this.#services.length);
        attempt = 0;
        this.#settle(wanted);
        if (this.#isWithdrawn && this.#wanted === wanted) return;
        await this.#pause(checkMs, "idle");
      } catch (error) {
        if (error instanceof PodLost) {
          events.lost(error.message);
          for (const { done } of this.#waiting.splice(0)) done.reject(error);
          return;
        }
        if (this.#isClosed) return;
        // Somebody else changed the pod meanwhile: that is no failure, unless it goes on and on.
        const isConflict = error instanceof ApiFailure && error.status === 409 && attempt < 5;
        if (!isConflict) events.failed((error as Error).message);
        await this.#pause(isConflict ? 0 : backOff(attempt, retries, Math.random()));
        attempt += 1;
      }
    }
  }

  /** @returns whether anything had to be written. @throws ApiFailure, PodLost, or an Error about what stands there */
  async #write(): Promise<boolean> {
    const { pod } = this.#options;
    const state = await pod.read().catch((error) => {
      throw error instanceof ApiFailure && error.status === 404 ? new PodLost("the pod does not exist any more") : error;
    });
    this.#uid ??= state.uid;
    if (state.uid !== this.#uid) throw new PodLost(`another pod has the name now: its uid is ${state.uid}, not ${this.#uid}`);
    const patch = this.#patch(state);
    if (patch === undefined) return false;
    await pod.patch(state, patch);
    return true;
  }

  #patch({ labels, annotations, address: told }: OwnPodState): PodPatch | undefined {
    const { format, writer, annotation, label } = this.#options;
    const address = this.#options.address ?? told;
    if (address === "" && this.#services.some((service) => service.address === undefined)) throw new Error("the pod has no address so far");
    const before = annotations[annotation];
    const after = withOwnPart(format, before, { writer, address, startedAt: this.#startedAt, services: this.#services });
    // A label that is there already may be another writer's; it goes when nobody has anything to say any more.
    const labelAfter = after === undefined ? undefined : (labels[label.key] ?? label.value);
    if (before === after && labels[label.key] === labelAfter) return undefined;
    return { labels: { [label.key]: labelAfter ?? null }, annotations: { [annotation]: after ?? null } };
  }

  #settle(wanted: number): void {
    const reached = this.#waiting.filter((one) => one.wanted <= wanted);
    this.#waiting = this.#waiting.filter((one) => one.wanted > wanted);
    for (const { done } of reached) done.resolve();
  }

  /** Ends sooner if something else is wanted. An application that has nothing else to do does not live on for an `idle` one. */
  async #pause(ms: number, why: "idle" | "retry" = "retry"): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
      if (why === "idle") timer.unref();
    });
    await Promise.race([passed, this.#wake.promise]);
    clearTimeout(timer);
  }
}
