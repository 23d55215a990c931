/** Two servers of one process cannot listen on one port; with shards, xDS takes several in a row. */
import { TributaryError } from "../../errors/tributary-error.ts";
import type { ConfigDocument, Path } from "../document.ts";

/** The servers with their defaults, in the order in which they open their ports. */
const servers = [
  { section: "xds", setting: "port", port: 16010 },
  { section: "xds", setting: "incrementalPort", port: undefined },
  { section: "metrics", setting: "port", port: 16020 },
  { section: "admin", setting: "port", port: 16021 },
] as const;

interface Taken {
  readonly path: readonly [section: string, setting: string];
  readonly address: string;
  readonly first: number;
  readonly count: number;
  /** The port stands in the file. */
  readonly written: boolean;
}

/** Looks at what is there, before the schema has given its word on it. */
export function overlappingPorts(config: object, document: ConfigDocument): TributaryError[] {
  const taken = servers.flatMap((server) => takenBy(server, (config as Readonly<Record<string, unknown>>)[server.section]) ?? []);
  const error = (path: Path, message: string) =>
    new TributaryError("CONFIG_INVALID", `${path.join(".")}: ${message}`, { position: document.valuePosition(path) });
  const errors: TributaryError[] = [];
  for (const [index, later] of taken.entries()) {
    const end = later.first + later.count - 1;
    if (later.count > 1 && end > 65_535)
      errors.push(error(["xds", "shards"], `${later.count} ports from ${later.first} end at ${end}; the last port is 65535`));
    for (const earlier of taken.slice(0, index)) {
      if (!meet(earlier, later)) continue;
      if (later.written) errors.push(error(later.path, `${claimOf(earlier, later.first)} too; expected another port`));
      else if (earlier.count === 1)
        errors.push(error(earlier.path, `${later.path.join(".")} is ${later.first} too; expected another port`));
      else
        errors.push(
          error(
            ["xds", "shards"],
            `${earlier.count} ports from ${earlier.first} hold ${later.path.join(".")} ${later.first}; expected fewer, or another xds.port`,
          ),
        );
    }
  }
  return errors;
}

/** Undefined for a port that is neither written nor there by default. */
function takenBy({ section: name, setting, port }: (typeof servers)[number], section: unknown): Taken | undefined {
  const given = (typeof section === "object" && section !== null ? section : {}) as Readonly<Record<string, unknown>>;
  const { address = "127.0.0.1", shards, [setting]: written } = given;
  const first = typeof written === "number" ? written : port;
  if (first === undefined) return undefined;
  return {
    path: [name, setting],
    address: address === "localhost" ? "127.0.0.1" : String(address),
    first,
    count: name === "xds" && setting === "port" && typeof shards === "number" ? Math.min(Math.max(1, shards), 65_535) : 1,
    written: typeof written === "number",
  };
}

/** 127.0.0.1 beside ::1 would be two sockets. */
function meet(a: Taken, b: Taken): boolean {
  const oneAddress = a.address === b.address || [a, b].some(({ address }) => address === "0.0.0.0" || address === "::");
  return oneAddress && a.first < b.first + b.count && b.first < a.first + a.count;
}

function claimOf({ path, first, count }: Taken, port: number): string {
  return count === 1 ? `${path.join(".")} is ${port}` : `${path.join(".")} ${first} with ${count} xds.shards takes ${port}`;
}
