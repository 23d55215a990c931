/** Two servers of one process cannot listen on one port; with shards, xDS takes several in a row. */
import { TributaryError } from "../errors/tributary-error.ts";
import type { ConfigDocument, Path } from "./document.ts";

/** The servers with their defaults, in the order in which they open their ports. */
const servers = [
  { name: "xds", port: 16010 },
  { name: "metrics", port: 16020 },
  { name: "admin", port: 16021 },
] as const;

interface Taken {
  readonly name: string;
  readonly address: string;
  readonly first: number;
  readonly count: number;
  /** The port stands in the file. */
  readonly written: boolean;
}

/** Looks at what is there, before the schema has given its word on it. */
export function overlappingPorts(config: object, document: ConfigDocument): TributaryError[] {
  const taken = servers.map(({ name, port }) => takenBy(name, port, (config as Readonly<Record<string, unknown>>)[name]));
  const error = (path: Path, message: string) =>
    new TributaryError("CONFIG_INVALID", `${path.join(".")}: ${message}`, { position: document.valuePosition(path) });
  const errors: TributaryError[] = [];
  for (const [index, later] of taken.entries()) {
    const end = later.first + later.count - 1;
    if (later.count > 1 && end > 65_535)
      errors.push(error(["xds", "shards"], `${later.count} ports from ${later.first} end at ${end}; the last port is 65535`));
    for (const earlier of taken.slice(0, index)) {
      if (!meet(earlier, later)) continue;
      if (later.written) errors.push(error([later.name, "port"], `${claimOf(earlier, later.first)} too; expected another port`));
      else if (earlier.count === 1)
        errors.push(error([earlier.name, "port"], `${later.name}.port is ${later.first} too; expected another port`));
      else
        errors.push(
          error(
            ["xds", "shards"],
            `${earlier.count} ports from ${earlier.first} hold ${later.name}.port ${later.first}; expected fewer, or another xds.port`,
          ),
        );
    }
  }
  return errors;
}

function takenBy(name: string, port: number, section: unknown): Taken {
  const given = (typeof section === "object" && section !== null ? section : {}) as { address?: unknown; port?: unknown; shards?: unknown };
  const { address = "127.0.0.1", shards } = given;
  return {
    name,
    address: address === "localhost" ? "127.0.0.1" : String(address),
    first: typeof given.port === "number" ? given.port : port,
    count: name === "xds" && typeof shards === "number" ? Math.min(Math.max(1, shards), 65_535) : 1,
    written: typeof given.port === "number",
  };
}

/** 127.0.0.1 beside ::1 would be two sockets. */
function meet(a: Taken, b: Taken): boolean {
  const oneAddress = a.address === b.address || [a, b].some(({ address }) => address === "0.0.0.0" || address === "::");
  return oneAddress && a.first < b.first + b.count && b.first < a.first + a.count;
}

function claimOf({ name, first, count }: Taken, port: number): string {
  return count === 1 ? `${name}.port is ${port}` : `${name}.port ${first} with ${count} ${name}.shards takes ${port}`;
}
