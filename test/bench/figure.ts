/** What a benchmark gives, and what is expected of it. */
import { quantile } from "./measuring/quantile.ts";

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `ms`, `MiB`, `x`, …; empty for a count. */
  readonly unit: string;
}

/** The median and the 99th percentile of times in ms, as `NAME, p50` and `NAME, p99`. */
export function quantiles(name: string, times: readonly number[]): Figure[] {
  return [0.5, 0.99].map((q) => ({ name: `${name}, p${q * 100}`, value: quantile(times, q), unit: "ms" }));
}

/** In the figure's unit. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

export interface BenchOptions {
  /** Repetitions of which the median is told. */
  readonly runs: number;
  /** Says what is going on, for people. */
  say(line: string): void;
}

export interface Bench {
  /** What `npm run bench -- NAME` calls it. */
  readonly name: string;
  /** By name of the figure; every one of them must be among the figures. */
  readonly targets: Readonly<Record<string, Target>>;
  run(options: BenchOptions): Promise<readonly Figure[]>;
}

/** A bench whose figures and targets are all called after it: `NAME: FIGURE`. */
export function named(name: string, targets: Bench["targets"], run: Bench["run"]): Bench {
  const full = (figure: string) => `${name}: ${figure}`;
  return {
    name,
    targets: Object.fromEntries(Object.entries(targets).map(([figure, target]) => [full(figure), target])),
    async run(options) {
      const figures = await run(options);
      return figures.map((figure) => ({ ...figure, name: full(figure.name) }));
    },
  };
}

/** A figure beside its target, as `--json` tells it. */
export interface Verdict extends Figure {
  /** Such as `≤ 240`; null where nothing is promised. */
  readonly target: string | null;
  readonly ok: boolean | null;
}

/** @throws Error if a target has no figure: a promise must not vanish with a renamed line */
export function judge({ name, targets }: Bench, figures: readonly Figure[]): Verdict[] {
  const measured = new Set(figures.map((figure) => figure.name));
  const missing = Object.keys(targets).filter((target) => !measured.has(target));
  if (missing.length > 0) throw new Error(`${name} has targets without a figure: ${missing.join(", ")}`);
  return figures.map((figure) => {
    const target = targets[figure.name];
    if (target === undefined) return { ...figure, target: null, ok: null };
    return "atMost" in target
      ? { ...figure, target: `≤ ${target.atMost}`, ok: figure.value <= target.atMost }
      : { ...figure, target: `≥ ${target.atLeast}`, ok: figure.value >= target.atLeast };
  });
}
