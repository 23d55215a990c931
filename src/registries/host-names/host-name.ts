import { isIP } from "node:net";

/** RFC 1035 allows 253 characters in text form; `_` is no legal host, but resolvers take it, and people use it. */
const nameForm = /^(?=.{1,254}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i;
/** A last label of digits makes a broken IPv4 address, not a name. */
const endsInNumber = /(^|\.)\d+\.?$/;

/** Whether an instance's address is a host name: neither an IP address nor nonsense. */
export function isHostName(address: string): boolean {
  return isIP(address) === 0 && nameForm.test(address) && !endsInNumber.test(address);
}
