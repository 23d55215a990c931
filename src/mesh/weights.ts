/**
 * Weights of endpoints. istiod reads 0 as "unset", so an endpoint that shall get nothing has to be
 * left out; and it takes only integers, so what registries write is scaled.
 */
import type { Instance } from "../registries/service.ts";
import type { ProblemList } from "./problem-list.ts";

/** Largest weight written. Ratios beyond 1 : 10 000 are flattened. */
const maxWeight = 10_000;
/** Decimals that are looked at; 0.0001 of one endpoint's share is below what a load balancer can show. */
const maxDecimals = 4;

/**
 * The weight an instance counts with: what is unset counts as `unset`.
 * dubbo-go writes `weight=0` where nothing is configured, so its 0 is no wish to be left out.
 */
export function effectiveWeight(instance: Instance, unset: number, problems: ProblemList): number {
  const { weight } = instance;
  if (weight === undefined) return unset;
  if (!Number.isFinite(weight) || weight < 0) {
    problems.note("bad-weight", "a weight is not a number of 0 or more and counts as unset");
    return unset;
  }
  if (weight === 0 && instance.labels?.release?.startsWith("dubbo-golang")) return unset;
  return weight;
}

/**
 * One entry per weight: the integer to write, 0 to leave the weight out (all are equal), or
 * undefined to leave the endpoint out: weight 0 beside one that has more. If all are 0 all are
 * equal, as Dubbo's consumers treat them.
 *
 * Canonical: the smallest integers of the same ratios, so multiples of one set of weights give one result.
 */
export function scaledWeights(weights: readonly number[]): readonly (number | undefined)[] {
  const first = weights[0];
  if (weights.every((weight) => weight === first)) return weights.map(() => 0);
  const positive = weights.filter((weight) => weight > 0);
  const integers = reduced(fitted(toIntegers(positive)));
  const equal = integers.every((weight) => weight === integers[0]);
  let next = 0;
  return weights.map((weight) => {
    if (weight === 0) return undefined;
    const integer = integers[next++] ?? 1;
    return equal ? 0 : integer;
  });
}

/** Multiplied by the smallest power of ten that makes all of them integers. */
function toIntegers(weights: readonly number[]): readonly number[] {
  for (let decimals = 0; decimals <= maxDecimals; decimals++) {
    const scaled = weights.map((weight) => weight * 10 ** decimals);
    if (scaled.every((weight) => Math.abs(weight - Math.round(weight)) < 1e-9 * Math.max(1, weight) && weight >= 0.5)) {
      return reduced(scaled.map(Math.round));
    }
  }
  return weights;
}

/** No larger than `maxWeight`, no smaller than 1; only touched if something is out of these bounds or broken. */
function fitted(weights: readonly number[]): readonly number[] {
  const largest = weights.reduce((a, b) => Math.max(a, b), 0);
  if (largest <= maxWeight && weights.every(Number.isInteger)) return weights;
  return weights.map((weight) => Math.max(1, Math.round((weight / largest) * maxWeight)));
}

function reduced(weights: readonly number[]): readonly number[] {
  const divisor = weights.reduce(greatestCommonDivisor, 0);
  return divisor > 1 ? weights.map((weight) => weight / divisor) : weights;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
