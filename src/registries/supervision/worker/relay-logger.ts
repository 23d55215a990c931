/** A worker's logger: each line goes to the main thread as text, and a flood is cut. */
import type { Logger } from "../../../log/logger.ts";
import type { LogLevel } from "../worker-host.ts";
import type { FromSession } from "../worker-messages.ts";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];
const linesPerSecond = 50;
const longestFields = 8_192;

export function relayLogger(post: (message: FromSession) => void, least: LogLevel): Logger {
  let second = 0;
  let lines = 0;
  let dropped = 0;
  const write = (level: LogLevel) => {
    if (levels.indexOf(level) < levels.indexOf(least)) return () => {};
    return (fields: object, message: string): void => {
      const now = Math.floor(Date.now() / 1000);
      if (now !== second) {
        if (dropped > 0) post({ type: "log", level: "warn", fields: JSON.stringify({ dropped }), message: "log lines dropped" });
        second = now;
        lines = 0;
        dropped = 0;
      }
      if (++lines > linesPerSecond) dropped++;
      else post({ type: "log", level, fields: fieldsText(fields), message: message.slice(0, 2_000) });
    };
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** JSON in which errors keep their message; whatever cannot be written costs only the fields. */
function fieldsText(fields: object): string {
  try {
    const text = JSON.stringify(fields, (_key, value) => (value instanceof Error ? { message: value.message, stack: value.stack } : value));
    return text.length <= longestFields ? text : JSON.stringify({ cut: text.slice(0, longestFields) });
  } catch (error) {
    return JSON.stringify({ unwritable: String(error) });
  }
}
