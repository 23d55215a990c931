/** The command that registers an application from inside its pod. */
import { type Command, InvalidArgumentError } from "commander";
import type { OfferedService } from "../registries/pod-records/offered-service.ts";
import { oneOf } from "./options.ts";
import type { RegisterCommand } from "./register.ts";

interface RegisterFlags extends Omit<RegisterCommand, "service"> {
  readonly service: readonly string[];
}

/** `run`: carries out a command and sets the exit code. */
export function addRegisterCommand(program: Command, run: (command: () => Promise<number>) => Promise<void>): void {
  program
    .command("register")
    .description("beside an application in its pod: write its services into the pod's annotation, and take them back at the end")
    .option("-s, --service <name=protocol:port>", "a service; may be given several times", collect, [])
    .option("-f, --file <file>", "services as YAML or JSON; read again when it changes")
    .option("--listen <port>", "take services by HTTP on loopback: PUT, GET and DELETE /services", loopbackPort)
    .option("--format <format>", "json-services or dubbo-records", oneOf("json-services", "dubbo-records"), "json-services")
    .option("--annotation <key>", "key of the annotation; default: the format's")
    .option("--label <key=value>", "label by which readers find the pod; default: the format's", keyValue)
    .option("--writer <name>", "tells what this process wrote from what others in the pod write", "register")
    .option("--server <url>", "the API server; default: that of the pod's cluster, with its service account")
    .option("--token-file <file>", "with --server: file of the token")
    .option("--ca-file <file>", "with --server: file of the authorities (PEM)")
    .addHelpText(
      "after",
      `
The environment must hold POD_NAMESPACE and POD_NAME, and may hold POD_UID and POD_IP (Downward API).

Examples:
  tributary register --service orders=http:8080
  tributary register --format dubbo-records --service 'com.acme.Order=dubbo:20880?version=1.0.0&group=g'
  tributary register --listen 16030                 curl -X PUT -H content-type:application/json -d @services.json localhost:16030/services`,
    )
    .action(async (flags: RegisterFlags) => {
      const [{ register }, { parseServiceFlag }] = await Promise.all([import("./register.ts"), import("../register/service-document.ts")]);
      await run(async () => {
        const service: OfferedService[] = flags.service.map(parseServiceFlag);
        return register({ ...flags, service });
      });
    });
}

function collect(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

function loopbackPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("expected a port.");
  return port;
}

function keyValue(text: string): { key: string; value: string } {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError("expected KEY=VALUE.");
  return { key, value };
}
