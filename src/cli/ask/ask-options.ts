/** What every command takes that asks a running server. */
import type { Command } from "commander";
import { addressLike, oneOf } from "../options.ts";
import type { OutputFormat } from "../output.ts";
import type { AdminServerAt } from "./admin-client.ts";
import { withTlsOptions } from "./client-tls.ts";

/** Where the admin API listens unless it is configured otherwise. */
const adminAddress = "127.0.0.1:16021";

export interface AskOptions extends AdminServerAt {
  readonly output: OutputFormat;
}

/** The options that say where the admin API is. */
export function addServerOptions(command: Command): Command {
  const address = command.option("-a, --address <host:port>", "admin address of the server", addressLike(adminAddress), adminAddress);
  return withTlsOptions(address, "admin.tls");
}

/** The same, and the format of the answer. */
export function addAskOptions(command: Command): Command {
  return addServerOptions(command).option("-o, --output <format>", "text, json or yaml", oneOf("text", "json", "yaml"), "text");
}
