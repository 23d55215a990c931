import assert from "node:assert/strict";
import type { Transport } from "../../src/xds/stream/transport.ts";

/** A wire whose ends are moved by hand: messages are taken when the test says so. */
export class FakeWire implements Transport {
  readonly peer = "127.0.0.1:1";
  readonly onLoopback = true;
  readonly written: { bytes: Buffer; done: (error?: Error) => void }[] = [];
  ended: { status: string; reason: string } | undefined;

  send(pieces: readonly Uint8Array[], done: (error?: Error) => void): void {
    assert.equal(this.written.length, 0, "one message is written at a time");
    this.written.push({ bytes: Buffer.concat(pieces), done });
  }

  end(status: string, reason: string): void {
    this.ended = { status, reason };
  }

  /** Takes the message that is being written, whereupon the next may be. */
  take(): Buffer | undefined {
    const message = this.written.shift();
    message?.done();
    return message?.bytes;
  }
}
