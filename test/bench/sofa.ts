/**
 * A large SOFARegistry before the program as its users start it, and a client that speaks delta. The session server is a
 * fake one in this process: a real one needs seconds for what it pushes at the start, and gathers changes for one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { dataInfoIdText } from "../../src/registries/sofa/data-info-id.ts";
import { FakeSofaRegistry } from "../support/fake-sofa/server.ts";
import type { ClientProcess } from "./client/client-process.ts";
import { type Bench, type BenchOptions, type Figure, named, quantiles, type Target } from "./figure.ts";
import { endpointDigest } from "./load/endpoint-digest.ts";
import { markerAddress } from "./load/marker.ts";
import { withServer } from "./load/with-dubbo.ts";
import { sharedNow } from "./measuring/clock.ts";
import { median, quantile } from "./measuring/quantile.ts";
import type { ServerProcess } from "./program/server-process.ts";

const port = 12200;
const providersPerService = 10;
/** Pushes that are measured of a server that has just started, and as many of one whose code is compiled; see `docs/benchmarks.md`. */
const changes = 200;
/** What compiles it: pushes that are not measured. */
const warmUp = 900;
/** Least ms between two just after the start. Later they follow each other within 0 to 20 ms. */
const pause = 20;
/** The server's start is over, in ms after the first answer. */
const settle = 3_000;
/** A push of 32 MB: providers that say something of very many methods. */
const large = { providers: 512, characters: 64_000 };

export interface SofaOptions {
  readonly name: string;
  readonly services: number;
  /** By name of the figure without the bench's. */
  readonly targets: Readonly<Record<string, Target>>;
}

interface Run {
  readonly firstAnswer: number;
  readonly early: readonly number[];
  readonly lags: readonly number[];
  readonly large: { readonly lag: number; readonly blocked: number };
}

export function sofa({ name, services, targets }: SofaOptions): Bench {
  return named(name, targets, (options) => measure(services, options));
}

async function measure(services: number, { runs, say }: BenchOptions): Promise<Figure[]> {
  const all: Run[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const fake = await FakeSofaRegistry.start();
    for (let service = 0; service < services; service++) {
      fake.publications.put(idOf(service), "loaded", { zone: "GZ00A", data: addressesOf(service).map(dataAt) });
    }
    const registries = [{ id: "sofa", type: "sofa", endpoints: fake.endpoint }];
    try {
      all.push(
        await withServer({ registries, protocol: "delta", probe: true }, (server, client) => single(fake, services, server, client)),
      );
    } finally {
      await fake.shutDown();
    }
    const { firstAnswer, lags } = all.at(-1)!;
    say(`run ${run}: ${firstAnswer.toFixed(0)} ms, p50 ${median(lags).toFixed(2)} ms, p99 ${quantile(lags, 0.99).toFixed(2)} ms`);
  }
  return [
    { name: "process start → first answer", value: median(all.map((run) => run.firstAnswer)), unit: "ms" },
    ...quantiles(
      "push → delta",
      all.flatMap((run) => run.lags),
    ),
    ...quantiles(
      "push → delta, just after a start",
      all.flatMap((run) => run.early),
    ),
    { name: "push of 32 MB → delta", value: median(all.map((run) => run.large.lag)), unit: "ms" },
    { name: "push of 32 MB: event loop blocked, max", value: median(all.map((run) => run.large.blocked)), unit: "ms" },
  ];
}

async function single(fake: FakeSofaRegistry, services: number, server: ServerProcess, client: ClientProcess): Promise<Run> {
  const first = await client.connect(server.xdsPort);
  const { services: held, endpoints, digest } = await client.inspect();
  const expected = Array.from({ length: services }, (_, service) =>
    addressesOf(service).map((address) => `${hostOf(service)} ${address}:${port}`),
  ).flat();
  if (held !== services || endpoints !== expected.length || digest !== endpointDigest(expected)) {
    throw new Error(`the first answer has ${held} services with ${endpoints} endpoints; published: ${services} with ${expected.length}`);
  }
  await sleep(settle);
  let pushes = 0;
  const push = async (dataOf: (marker: number) => readonly string[]): Promise<number> => {
    const marker = pushes++;
    const data = dataOf(marker);
    const at = sharedNow();
    // Spread by a prime, so that neighbours in time are no neighbours in the snapshot.
    fake.publications.put(idOf((marker * 7919) % services), `marker ${marker}`, { zone: "GZ00A", data });
    await client.until(`provider ${marker} arrives`, () => client.added.has(marker), 30_000);
    return client.added.get(marker)! - at;
  };
  const pushMany = async (count: number, least: number): Promise<number[]> => {
    const lags: number[] = [];
    while (lags.length < count) {
      await sleep(least + Math.random() * 20);
      lags.push(await push((marker) => [dataAt(markerAddress(marker))]));
    }
    return lags;
  };
  const early = await pushMany(changes, pause);
  await pushMany(warmUp, 0);
  const lags = await pushMany(changes, 0);
  await server.loopDelay();
  const methods = "&.someMethodOfTheFacade.timeout=3000".repeat(2_000).slice(0, large.characters);
  const lag = await push((marker) =>
    Array.from(
      { length: large.providers },
      (_, at) => dataAt(at === 0 ? markerAddress(marker) : `10.200.${at >> 8}.${at & 255}`) + methods,
    ),
  );
  return { firstAnswer: first.at - server.startedAt, early, lags, large: { lag, blocked: (await server.loopDelay()).max } };
}

function idOf(service: number): string {
  return dataInfoIdText({ dataId: `${nameOf(service)}:1.0@DEFAULT`, instanceId: "DEFAULT_INSTANCE_ID", group: "SOFA" });
}

function nameOf(service: number): string {
  return `com.example.orders.api.OrderFacade${String(service).padStart(5, "0")}`;
}

function hostOf(service: number): string {
  return `${nameOf(service).toLowerCase()}.sofa`;
}

function addressesOf(service: number): string[] {
  return Array.from({ length: providersPerService }, (_, provider) => {
    const number = service * providersPerService + provider;
    return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  });
}

/** As SOFARPC writes it. */
function dataAt(address: string): string {
  const application = "appName=order-center&app_name=order-center";
  return `${address}:${port}?rpcVer=51403&serialization=hessian2&weight=100&timeout=3000&${application}&p=1&v=4.0&_SERIALIZETYPE=hessian2&_WEIGHT=100&_TIMEOUT=3000&startTime=1690000000000`;
}
