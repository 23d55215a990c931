/**
 * A session that does what a test tells it, in a real worker: `ScriptedWorker` is the test's end
 * of the line. Its settings: `{ channel, items }`, where `items` are listed at the start.
 */
import { BroadcastChannel } from "node:worker_threads";
import type { Listing, Session, StartSession } from "../../src/registries/contract.ts";
import type { Item } from "../../src/registries/service.ts";

export interface ScriptedSettings {
  /** Name of the line, unique per test. */
  readonly channel: string;
  /** Listed at the start, unless undefined. */
  readonly items?: readonly Item[];
  /** `close` never resolves. */
  readonly neverCloses?: boolean;
  /** These settings are taken over by a session that runs: it lists their items. */
  readonly takenOver?: boolean;
}

export type Command =
  | { readonly do: "changed" | "add" | "replaced"; readonly items: readonly Item[] }
  | { readonly do: "removed"; readonly id: string }
  | { readonly do: "unreachable" | "abandon" | "suspicious" | "throw" | "reject" | "print" | "log"; readonly text: string }
  | { readonly do: "listing" | "commit" | "contact" | "exit" | "known" | "hang" | "heap" | "relist" }
  | { readonly do: "external"; readonly megabytes: number }
  | { readonly do: "problem"; readonly where: readonly string[] }
  /** So many changes at once, spread over so many services; the last one of each has the highest weight. */
  | { readonly do: "flood"; readonly changes: number; readonly services: number };

export const scriptedSession = new URL(import.meta.url);

/** A service item with one instance, told apart by its weight. */
export function serviceItem(name: string, weight = 1): Item {
  return { kind: "service", service: { key: { name }, instances: [{ id: "i", address: "10.0.0.1", ports: [], weight }] } };
}

export const start: StartSession = ({ emit, log, settings, known }): Session => {
  const { channel: name, items, neverCloses } = settings as ScriptedSettings;
  const channel = new BroadcastChannel(name);
  const held: unknown[] = [];
  let listing: Listing | undefined;
  channel.onmessage = (event) => {
    const command = (event as { data: Command }).data;
    switch (command.do) {
      case "changed":
        for (const item of command.items) emit.changed(item);
        break;
      case "replaced":
        emit.replaced(command.items);
        break;
      case "add":
        for (const item of command.items) listing?.add(item);
        break;
      case "removed":
        emit.removed(command.id);
        break;
      case "listing":
        listing = emit.listing();
        break;
      case "commit":
        listing?.commit();
        break;
      case "abandon":
        listing?.abandon(command.text);
        break;
      case "unreachable":
        emit.unreachable(command.text);
        break;
      case "contact":
        emit.contact();
        break;
      case "suspicious":
        emit.suspicious(command.text);
        break;
      case "problem":
        for (const where of command.where) emit.problem({ code: "bad-value", where, message: "does not fit" });
        break;
      case "flood":
        for (let at = 0; at < command.changes; at++) emit.changed(serviceItem(`flood-${at % command.services}`, at));
        break;
      case "print":
        console.log(command.text);
        break;
      case "known":
        log.info({ known }, "what earlier workers told");
        break;
      case "log":
        log.info({ detail: 1 }, command.text);
        break;
      case "throw":
        throw new Error(command.text);
      case "reject":
        void Promise.reject(new Error(command.text));
        break;
      case "exit":
        process.exit(3);
        break;
      case "hang":
        for (;;);
      case "heap":
        for (;;) held.push(Array.from({ length: 1_000 }, () => ({})));
      case "external":
        held.push(Buffer.alloc(command.megabytes * 1024 * 1024, 1));
        break;
    }
  };
  if (items) emit.replaced(items);
  return {
    relist: () => emit.replaced(items ?? []),
    update: (next) => {
      const { items: newItems, takenOver } = next as ScriptedSettings;
      if (takenOver) emit.replaced(newItems ?? []);
      return takenOver === true;
    },
    close: () => {
      channel.close();
      return neverCloses ? new Promise(() => {}) : Promise.resolve();
    },
  };
};
