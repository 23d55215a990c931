/** A name server for tests, on loopback over UDP: answers questions for addresses from a table, late or not at all. */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

/** What it says of one name: its addresses, a DNS error, or nothing. */
export type DnsRecord = readonly string[] | "SERVFAIL" | "REFUSED" | "silence";

const errors = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const types: Readonly<Record<number, "A" | "AAAA">> = { 1: "A", 28: "AAAA" };

export class FakeDns {
  /** By name, lower-case, without a dot at the end; all others do not exist. */
  readonly records = new Map<string, DnsRecord>();
  /** `A name` or `AAAA name`, in order. */
  readonly questions: string[] = [];
  /** Of every address, seconds. */
  ttl = 30;
  readonly #socket: Socket = createSocket("udp4");

  /** Resolves with the next question. */
  async asked(): Promise<void> {
    await once(this.#socket, "message");
  }

  static async start(): Promise<FakeDns> {
    const server = new FakeDns();
    server.#socket.on("message", (query, from) => {
      const reply = server.#reply(query);
      if (reply) server.#socket.send(reply, from.port, from.address);
    });
    server.#socket.bind(0, "127.0.0.1");
    await once(server.#socket, "listening");
    return server;
  }

  /** `address:port`, as resolvers take it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #reply(query: Buffer): Buffer | undefined {
    const labels: string[] = [];
    let at = 12;
    for (; query[at] !== 0; at += 1 + query[at]!) labels.push(query.toString("latin1", at + 1, at + 1 + query[at]!));
    const name = labels.join(".").toLowerCase();
    const type = types[query.readUInt16BE(at + 1)];
    this.questions.push(`${type} ${name}`);
    const record = this.records.get(name) ?? "NXDOMAIN";
    if (record === "silence") return undefined;
    const addresses = typeof record === "string" ? [] : record.filter((address) => isIPv4(address) === (type === "A"));
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // A reply of a recursive server, with its error.
    header.writeUInt16BE(0x8180 | (typeof record === "string" ? errors[record] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    return Buffer.concat([header, query.subarray(12, at + 5), ...addresses.map((address) => this.#answer(address))]);
  }

  #answer(address: string): Buffer {
    const data = isIPv4(address) ? Buffer.from(address.split(".").map(Number)) : ipv6Bytes(address);
    const record = Buffer.alloc(12);
    // A pointer to the name in the question.
    record.writeUInt16BE(0xc00c, 0);
    record.writeUInt16BE(data.length === 4 ? 1 : 28, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(this.ttl, 6);
    record.writeUInt16BE(data.length, 10);
    return Buffer.concat([record, data]);
  }
}

/** Of an address with one `::`. */
function ipv6Bytes(address: string): Buffer {
  const [head = [], tail = []] = address.split("::").map((half) => half.split(":").filter((group) => group !== ""));
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  return Buffer.from(groups.map((group) => group.padStart(4, "0")).join(""), "hex");
}
