import type { LogConfig } from "../config/schema.ts";
import type { Logger } from "./logger.ts";
import { printedForms, redact, redactDeep, type Secret } from "./redact.ts";

/** Anything lines can be written to; a pino destination or a stream. */
export interface LogDestination {
  write(line: string): unknown;
}

export interface LoggerOptions {
  /** Whether the destination is a terminal; decides `format: auto`. Default: whether standard error is one. */
  readonly isTTY?: boolean;
  /** Values never to print; see also `configure`. */
  readonly secrets?: readonly Secret[];
  /** Where lines go. Default: standard error, so that standard output stays for what commands print. */
  readonly destination?: LogDestination;
}

export interface ProcessLogger extends Logger {
  /** Takes over a reloaded level and new secrets. The format is read only at start. */
  configure(config: LogConfig, secrets: readonly Secret[]): void;
  /** Writes out what is still buffered, before the process ends. */
  flush(): void;
}

/**
 * How many bytes of JSON lines may wait for a reader that is slow or stopped. More are dropped: a
 * log collector that hangs must not stop the process from serving.
 */
const maxBufferedBytes = 8 * 1024 * 1024;

/** The logger of the process: text on a terminal, JSON lines elsewhere. */
export async function createLogger(config: LogConfig, options: LoggerOptions = {}): Promise<ProcessLogger> {
  const { default: pino } = await import("pino");
  const text = config.format === "text" || (config.format === "auto" && (options.isTTY ?? process.stderr.isTTY === true));
  let secrets = needles(options.secrets ?? []);

  const buffered = options.destination || text ? undefined : pino.destination({ fd: 2, sync: false, maxLength: maxBufferedBytes });
  const destination = text ? await prettyDestination(options) : (options.destination ?? buffered!);
  const logger = pino(
    {
      level: config.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err, cause: pino.stdSerializers.err },
      hooks: { streamWrite: (line) => redactLine(line, secrets) },
    },
    destination,
  );

  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    configure(next, nextSecrets) {
      logger.level = next.level;
      secrets = needles(nextSecrets);
    },
    flush() {
      try {
        buffered?.flushSync();
      } catch {
        // Nobody reads standard error any more: nothing is left to say, and to whom.
      }
    },
  };
}

/** Imported only where it is used: it would cost every start in a container some tens of milliseconds. */
async function prettyDestination(options: LoggerOptions): Promise<LogDestination> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({
    sync: true,
    destination: (options.destination as NodeJS.WritableStream | undefined) ?? 2,
    colorize: options.isTTY ?? process.stderr.isTTY === true,
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
    errorLikeObjectKeys: ["error", "err", "cause"],
  });
}

/** Secrets with the forms in which they can stand in a line. */
interface Needles {
  readonly secrets: readonly Secret[];
  readonly forms: readonly string[];
}

function needles(secrets: readonly Secret[]): Needles {
  // Twice escaped: a field may hold JSON text.
  const forms = secrets.flatMap(({ value }) => [...printedForms(value)].flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]));
  return { secrets, forms };
}

/**
 * Works on the finished line, so that nothing (an error's stack, a nested field) slips past; only a
 * line that holds a secret is taken apart. The keys pino writes itself keep their values: a level that
 * came from the environment is no reason to hide the level of every line.
 */
function redactLine(line: string, { secrets, forms }: Needles): string {
  if (!forms.some((needle) => line.includes(needle))) return line;
  try {
    const { level, time, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return `${JSON.stringify({ level, time, ...(redactDeep(fields, secrets) as object) })}\n`;
  } catch {
    return `${redact(line.trimEnd(), secrets)}\n`;
  }
}
