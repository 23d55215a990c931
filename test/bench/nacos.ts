/** A real Nacos with many services, the program before it, and a client that speaks delta, each a process of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { Nacos } from "../e2e/servers/nacos.ts";
import { NacosWriter, type WrittenService } from "../e2e/servers/nacos-writer.ts";
import { type Bench, type BenchOptions, type Figure, named, type Target } from "./figure.ts";
import { markerAddress } from "./load/marker.ts";
import { NacosWitness } from "./load/nacos-witness.ts";
import { withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { median, quantile } from "./measuring/quantile.ts";

export interface NacosBenchOptions {
  readonly name: string;
  readonly services: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

const instancesPerService = 10;
const port = 8080;
/** Registrations per run, one at a time. */
const samples = 20;

export function nacosBench({ name, services, targets }: NacosBenchOptions): Bench {
  return named(name, targets, (options) => measure(services, options));
}

async function measure(count: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  const nacos = await Nacos.start({ heap: 1_024, compiler: "full" });
  try {
    const writer = await NacosWriter.connect(nacos.port);
    const witness = await NacosWitness.connect(nacos.port);
    const services = Array.from({ length: count }, (_, at) => serviceOf(at));
    await writer.bulk(services);
    say(`${count} × ${instancesPerService} instances in Nacos`);
    const first: number[] = [];
    const lags: number[] = [];
    const own: number[] = [];
    for (const { name } of services.slice(0, runs * samples)) await witness.subscribe(name);
    for (let run = 0; run < runs; run += 1) {
      const registries = [{ id: "nacos", type: "nacos", servers: nacos.address, transport: "grpc" }];
      await withServer({ registries, protocol: "delta" }, async (server, client) => {
        const { at } = await client.connect(server.xdsPort);
        const held = await client.inspect();
        if (held.services !== count || held.endpoints !== count * instancesPerService) {
          throw new Error(`the first answer holds ${held.services} services with ${held.endpoints} endpoints`);
        }
        first.push(at - server.startedAt);
        // The server pushes everything once more after it was subscribed.
        await sleep(3_000);
        for (let sample = 0; sample < samples; sample += 1) {
          const marker = run * samples + sample;
          const service = services[marker % count]!;
          await writer.put({ ...service, instances: [...service.instances, { address: markerAddress(marker), port }] });
          const registered = sharedNow();
          await client.until(`instance ${marker} arrives`, () => client.added.has(marker), 10_000);
          lags.push(client.added.get(marker)! - registered);
          own.push((witness.seen.get(markerAddress(marker)) ?? Number.POSITIVE_INFINITY) - registered);
          await writer.put(service);
        }
        await client.until("they leave again", () => client.removed.has(run * samples + samples - 1), 10_000);
        await sleep(1_000);
      });
      say(`run ${run + 1}: ${first.at(-1)?.toFixed(0)} ms, p50 ${median(lags).toFixed(0)} ms`);
    }
    witness.close();
    writer.close();
    return [
      { name: "process start → first answer", value: median(first), unit: "ms" },
      { name: "registration → delta, p50", value: quantile(lags, 0.5), unit: "ms" },
      { name: `registration → delta, p99 of ${lags.length}`, value: quantile(lags, 0.99), unit: "ms" },
      { name: "registration → push at a subscriber that does nothing, p50", value: quantile(own, 0.5), unit: "ms" },
      { name: "the difference, p50", value: quantile(lags, 0.5) - quantile(own, 0.5), unit: "ms" },
    ];
  } finally {
    await nacos.stop();
  }
}

function serviceOf(at: number): WrittenService {
  const instances = Array.from({ length: instancesPerService }, (_, index) => ({
    address: `10.${at >> 8}.${at & 255}.${index + 1}`,
    port,
  }));
  return { name: `com.acme.shop.service-${at}`, instances, metadata: { version: "v1", "preserved.register.source": "SPRING_CLOUD" } };
}
