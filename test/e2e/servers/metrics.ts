/** Reads a Prometheus page as far as tests need it: names, labels, values. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export class Metrics {
  readonly samples: readonly Sample[];

  constructor(text: string) {
    this.samples = text
      .split("\n")
      .map((line) => /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/.exec(line))
      .filter((match) => match !== null)
      .map(([, name, labels, value]) => ({ name: name ?? "", labels: parseLabels(labels ?? ""), value: Number(value) }));
  }

  /** The samples of a metric whose labels are at least these. */
  find(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    const wanted = Object.entries(labels);
    return this.samples.filter((sample) => sample.name === name && wanted.every(([key, value]) => sample.labels[key] === value));
  }

  /** Their sum; 0 if there are none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.find(name, labels).reduce((sum, { value }) => sum + value, 0);
  }
}

export async function readMetrics(url: string): Promise<Metrics> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Metrics(await response.text());
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(Array.from(pairs, ([, key, value]) => [key ?? "", (value ?? "").replace(/\\(["\\])/g, "$1")]));
}
