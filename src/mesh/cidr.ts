/** The usable addresses of an IPv4 range, numbered from 0. */
import { TributaryError } from "../errors/tributary-error.ts";
import { isIpv4 } from "./ip-address.ts";

/** In blocks of 256, the first and last address are skipped: some network stacks take .0 and .255 for network and broadcast. */
const usablePerBlock = 254;

export class AddressRange {
  readonly capacity: number;
  readonly #base: number;
  /** Where in its block of 256 a range smaller than one starts; 0 for the others. */
  readonly #skip: number;

  /** @throws TributaryError CONFIG_INVALID unless `cidr` is like `241.0.0.0/8` with at least one usable address */
  constructor(cidr: string) {
    const [address = "", prefixText = "", ...rest] = cidr.split("/");
    const prefix = Number(prefixText);
    if (!isIpv4(address) || !/^\d{1,2}$/.test(prefixText) || prefix < 8 || prefix > 32 || rest.length > 0) {
      throw new TributaryError("CONFIG_INVALID", `mesh.vipCidr: ${cidr} is not an IPv4 range of at most /8`, {
        hint: "use a range such as 241.0.0.0/8",
      });
    }
    const size = 2 ** (32 - prefix);
    const parsed = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
    this.#base = Math.floor(parsed / size) * size;
    const startsBlock = this.#base % 256 === 0;
    const endsBlock = (this.#base + size) % 256 === 0;
    this.#skip = startsBlock ? 1 : 0;
    this.capacity = size >= 256 ? (size / 256) * usablePerBlock : size - this.#skip - (endsBlock ? 1 : 0);
    if (this.capacity < 1) {
      throw new TributaryError("CONFIG_INVALID", `mesh.vipCidr: ${cidr} has no usable address (.0 and .255 are skipped)`);
    }
  }

  /** @param index 0 … capacity - 1 */
  at(index: number): string {
    const address = this.#base + Math.floor(index / usablePerBlock) * 256 + (index % usablePerBlock) + this.#skip;
    return `${Math.floor(address / 16_777_216)}.${Math.floor(address / 65_536) % 256}.${Math.floor(address / 256) % 256}.${address % 256}`;
  }
}
