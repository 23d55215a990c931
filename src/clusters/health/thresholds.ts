/** So many failures in a row make a cluster unhealthy, so many successes healthy again; the first answer of all decides at once. */

export interface ProbeThresholds {
  readonly unhealthyThreshold: number;
  readonly healthyThreshold: number;
}

export class ProbeVerdict {
  readonly #thresholds: ProbeThresholds;
  #isHealthy: boolean | undefined;
  /** Probes in a row that contradict the verdict. */
  #against = 0;

  constructor(thresholds: ProbeThresholds) {
    this.#thresholds = thresholds;
  }

  /** Undefined: nothing is known as yet. */
  get isHealthy(): boolean | undefined {
    return this.#isHealthy;
  }

  /** Takes one probe's outcome, and gives the verdict with it. */
  probed(succeeded: boolean): boolean | undefined {
    if (succeeded === this.#isHealthy) {
      this.#against = 0;
      return this.#isHealthy;
    }
    this.#against += 1;
    const { unhealthyThreshold, healthyThreshold } = this.#thresholds;
    // Nobody has to prove twice what was never in doubt.
    const needed = succeeded ? (this.#isHealthy === undefined ? 1 : healthyThreshold) : unhealthyThreshold;
    if (this.#against >= needed) {
      this.#isHealthy = succeeded;
      this.#against = 0;
    }
    return this.#isHealthy;
  }
}
