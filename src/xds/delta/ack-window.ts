/**
 * How far one stream may run ahead of its client's acknowledgements, per type. Delta is paced by nothing
 * else: an answer costs the client in proportion to what changed. Beyond the window changes add up.
 */
import type { PacingSettings, Wait } from "../sotw/pacing.ts";
import type { Push } from "../subscription.ts";

/** Unacknowledged responses; enough for 100 changes/s at 160 ms to the acknowledgement. */
const maxResponses = 16;
/** Unacknowledged bytes; one response may be larger, and is then the only one. */
const maxBytes = 4 * 1024 * 1024;

/** Pure: every method is told the time (monotonic ms) and what is in flight, oldest first. */
export class AckWindow {
  readonly #settings: PacingSettings;
  /** The push that was warned of. */
  #warned: Push | undefined;

  constructor(settings: PacingSettings) {
    this.#settings = settings;
  }

  isOpen(inFlight: ReadonlyMap<string, Push>): boolean {
    if (inFlight.size >= maxResponses) return false;
    let bytes = 0;
    for (const push of inFlight.values()) bytes += push.bytes;
    return bytes < maxBytes;
  }

  /** Looks after the oldest unacknowledged push; `warn` is returned once for it. */
  check(inFlight: ReadonlyMap<string, Push>, now: number): Wait {
    const [oldest] = inFlight.values();
    if (!oldest) return "none";
    const waited = now - oldest.sentAt;
    if (waited >= this.#settings.ackTimeout) return "expired";
    if (this.#warned === oldest || waited < this.#settings.ackWarning) return "none";
    this.#warned = oldest;
    return "warn";
  }

  /** When `check` may say something new, or undefined when only an event can change it. */
  nextLook(inFlight: ReadonlyMap<string, Push>): number | undefined {
    const [oldest] = inFlight.values();
    if (!oldest) return undefined;
    const { ackWarning, ackTimeout } = this.#settings;
    return oldest.sentAt + (this.#warned === oldest ? ackTimeout : Math.min(ackWarning, ackTimeout));
  }
}
