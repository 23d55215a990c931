/** The forms of options that several commands share. */
import { InvalidArgumentError } from "commander";

export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds greater than 0.");
  return value;
}

/** `host:port`; an IPv6 address in brackets. `example`: what is expected, for the message. */
export function addressLike(example: string) {
  return (text: string): string => {
    const [, port] = /^(?:[^\s:[\]/@?#]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text) ?? [];
    if (!port || Number(port) < 1 || Number(port) > 65535) throw new InvalidArgumentError(`expected host:port, such as ${example}.`);
    return text;
  };
}

/** A whole number from 1 to `most`. */
export function upTo(most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most) throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`);
    return value;
  };
}

export function oneOf<T extends string>(...allowed: T[]) {
  return (text: string): T => {
    if (!allowed.includes(text as T)) throw new InvalidArgumentError(`expected one of: ${allowed.join(", ")}.`);
    return text as T;
  };
}
