/** `tributary watch`: follows a running server and prints changes as they come. */
import type { TypeKey } from "../../snapshot/snapshot.ts";
import type { WatchEvent } from "../../xds/watch/watch-client.ts";
import type { WatchedObject } from "../../xds/watch/watched-object.ts";
import { type ClientTlsOptions, readClientTls } from "./client-tls.ts";

type Changes = Extract<WatchEvent, { event: "changes" }>;

export interface WatchCommand extends ClientTlsOptions {
  readonly address: string;
  readonly output: "text" | "json";
  readonly sotw: boolean;
}

export async function watch(options: WatchCommand): Promise<number> {
  const { watch: follow } = await import("../../xds/watch/watch-client.ts");
  const tls = readClientTls(options);
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ended.abort());
  // Piped into `head`: nobody reads on, so there is nothing left to do.
  process.stdout.once("error", () => ended.abort());
  if (options.output === "text") console.error(`watching ${options.address}; Ctrl-C ends`);
  const protocol = options.sotw ? "sotw" : "delta";
  for await (const event of follow({ target: options.address, protocol, tls, signal: ended.signal })) {
    const lines = options.output === "json" ? jsonLines(event) : textLines(event);
    for (const line of lines) process.stdout.write(`${line}\n`);
  }
  return 0;
}

function* jsonLines(event: WatchEvent): Generator<string> {
  if (event.event === "disconnected") {
    yield JSON.stringify(event);
    return;
  }
  const { type, version, complete } = event;
  for (const [change, objects] of entries(event)) {
    for (const { name, version: objectVersion, labels, annotations, spec } of objects) {
      const served = spec && plain(spec);
      yield JSON.stringify({
        event: change,
        type,
        name,
        version: objectVersion,
        labels,
        annotations,
        spec: served,
        state: version,
        complete,
      });
    }
  }
}

function* textLines(event: WatchEvent): Generator<string> {
  const time = new Date().toISOString().slice(11, 23);
  if (event.event === "disconnected") {
    yield `${time} disconnected: ${event.reason}; trying again in ${event.retryInMs} ms`;
    return;
  }
  const kind = kindOf(event.type);
  // Three types are watched; the ones without objects are no news.
  if (event.initial && event.size === 0) return;
  for (const [change, objects] of entries(event)) {
    for (const object of objects) yield `${time} ${signs[change]} ${kind} ${object.name}${describe(object, change)}`;
  }
  if (event.initial) yield `${time} ${event.size} ${kind} objects${event.complete ? "" : "; more to come, a registry is still being read"}`;
}

const signs = { added: "+", changed: "~", removed: "-" } as const;

function entries(event: Changes): [keyof typeof signs, readonly WatchedObject[]][] {
  return [
    ["added", event.added],
    ["changed", event.changed],
    ["removed", event.removed],
  ];
}

function kindOf(type: TypeKey): string {
  return type.slice(type.indexOf("/") + 1);
}

/** Ports and endpoints of a ServiceEntry; nothing for what is gone. */
function describe({ spec }: WatchedObject, change: keyof typeof signs): string {
  if (change === "removed" || spec?.$typeName !== "istio.networking.v1alpha3.ServiceEntry") return "";
  const ports = spec.ports.map(({ number, protocol }) => `${protocol}:${number}`).join(",");
  const few = spec.endpoints.slice(0, 5).map(({ address, weight }) => `${address}${weight ? `*${weight}` : ""}`);
  const more = spec.endpoints.length > few.length ? ` … ${spec.endpoints.length - few.length} more` : "";
  return ` ${spec.addresses.join(",")} ${ports} [${few.join(" ")}${more}]`;
}

/** Without the marks of the protobuf library. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, each) => (key.startsWith("$") ? undefined : each)));
}
