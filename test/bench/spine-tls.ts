/** The whole way with TLS to ZooKeeper beside the same without, in turn: what encryption costs. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tlsPort } from "../e2e/servers/zookeeper-security.ts";
import { certificateFile } from "../support/certificates.ts";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import { withDubbo, withServer } from "./load/with-dubbo.ts";
import { median } from "./measuring/quantile.ts";
import { type Run, single } from "./spine.ts";

export interface SpineTlsOptions {
  readonly name: string;
  readonly interfaces: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

export function spineTls({ name, interfaces, targets }: SpineTlsOptions): Bench {
  return named(name, targets, (options) => measure(interfaces, options));
}

async function measure(interfaces: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  const stores = mkdtempSync(path.join(tmpdir(), "tributary-bench-"));
  try {
    const { port, options } = await tlsPort(stores, "none");
    const secure = [{ id: "zk", type: "zookeeper", servers: `localhost:${port}`, tls: { ca: certificateFile("authority.pem") } }];
    const { plain, tls } = await withDubbo(
      interfaces,
      say,
      async ({ tree, registries }) => {
        const all: { readonly plain: Run[]; readonly tls: Run[] } = { plain: [], tls: [] };
        for (let run = 1; run <= runs; run += 1) {
          all.plain.push(await withServer({ registries }, (server, client) => single(tree, server, client)));
          all.tls.push(await withServer({ registries: secure }, (server, client) => single(tree, server, client)));
          say(`run ${run}: ${all.plain.at(-1)!.firstAnswer.toFixed(0)} ms without, ${all.tls.at(-1)!.firstAnswer.toFixed(0)} ms with TLS`);
        }
        return all;
      },
      options,
    );
    return [
      ...compared("process start → first answer", "ms", plain, tls, (run) => run.firstAnswer),
      ...compared("change → full state, p50", "ms", plain, tls, (run) => median(run.lags)),
      ...compared("resident, settled", "MiB", plain, tls, (run) => run.resident),
      ...compared("resident, peak", "MiB", plain, tls, (run) => run.peak),
    ];
  } finally {
    rmSync(stores, { recursive: true, force: true });
  }
}

function compared(name: string, unit: string, plain: readonly Run[], tls: readonly Run[], of: (run: Run) => number): Figure[] {
  const [without, having] = [median(plain.map(of)), median(tls.map(of))];
  return [
    { name: `${name}, without`, value: without, unit },
    { name: `${name}, with TLS`, value: having, unit },
    { name: `${name}: with / without`, value: having / without, unit: "x" },
  ];
}
