/** One client's connection to the fake server: greeting, requests in order, one-shot and recursive watches. */
import type { Socket } from "node:net";
import { Frames } from "./frames.ts";
import { JuteReader, JuteWriter } from "./jute.ts";
import { errorCode, eventType, op, watchMode, xid } from "./protocol.ts";
import { SaslLogin } from "./sasl.ts";
import type { FakeZooKeeper, Fault, Request } from "./server.ts";
import { Refused, type Znode } from "./znodes.ts";

interface Part extends Request {
  readonly fault: Fault | undefined;
}

/** A request with those that it is made of, if it is made of some. */
interface Whole extends Request {
  readonly each: readonly Part[];
}

export class Connection {
  readonly #server: FakeZooKeeper;
  readonly #socket: Socket;
  readonly #frames = new Frames();
  readonly #identities = new Set<string>();
  readonly #dataWatches = new Set<string>();
  readonly #childWatches = new Set<string>();
  readonly #trees = new Set<string>();
  #session = 0n;
  #login: SaslLogin | undefined;
  #loggedIn = false;

  constructor(server: FakeZooKeeper, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#frames.push(chunk)) this.#onFrame(frame);
    });
    socket.on("error", () => {});
  }

  get session(): bigint {
    return this.#session;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** How many watches this client has left here. */
  get watches(): number {
    return this.#dataWatches.size + this.#childWatches.size + this.#trees.size;
  }

  /** Something a watch may be about: fires those that are about it, and forgets the one-shot ones. */
  notify(type: number, path: string): void {
    const watches = type === eventType.childrenChanged ? [this.#childWatches] : [this.#dataWatches];
    // A deletion fires the watch on the node's children, too, and is told once.
    if (type === eventType.deleted) watches.push(this.#childWatches);
    const hit = watches.map((set) => set.delete(path)).some(Boolean);
    if (hit || (type !== eventType.childrenChanged && this.#watchesTreeOf(path))) this.fire(type, path);
  }

  /** Tells an event, whether a watch saw it or not. */
  fire(type: number, path: string): void {
    this.#send(header(xid.notification, 0n, errorCode.ok).int(type).int(3).text(path).frame());
  }

  /** Servers from 3.8.4 and 3.9.2 on keep quiet about nodes that the client may not read. */
  #watchesTreeOf(path: string): boolean {
    if (!this.#server.mayRead(path, this.#identities)) return false;
    return [...this.#trees].some((root) => path === root || path.startsWith(root === "/" ? root : `${root}/`));
  }

  #onFrame(frame: Buffer): void {
    if (frame.length > this.#server.maxFrame) {
      this.destroy();
      return;
    }
    const reader = new JuteReader(frame);
    if (this.#session === 0n) this.#greet(reader);
    else this.#request(reader);
  }

  #greet(reader: JuteReader): void {
    if (this.#server.behaviour === "mute") return;
    reader.int();
    reader.long();
    const timeout = this.#server.negotiate(reader.int());
    const wanted = reader.long();
    const session = this.#server.openSession(wanted, timeout);
    if (session === undefined) {
      this.#send(new JuteWriter().int(0).int(0).long(0n).buffer(Buffer.alloc(16)).boolean(false).frame());
      this.#socket.end();
      return;
    }
    this.#session = session;
    this.#send(new JuteWriter().int(0).int(timeout).long(session).buffer(Buffer.alloc(16, 1)).boolean(false).frame());
  }

  #request(reader: JuteReader): void {
    const id = reader.int();
    const type = reader.int();
    this.#server.touch(this.#session);
    if (type === op.ping) {
      if (this.#server.behaviour === "normal") this.#send(header(xid.ping, 0n, errorCode.ok).frame());
      return;
    }
    if (type === op.closeSession) {
      this.#send(header(id, 0n, errorCode.ok).frame());
      this.#server.expire(this.#session);
      this.#socket.end();
      return;
    }
    if (type === op.auth) {
      this.#server.requests.push({ type, path: "" });
      this.#authenticate(id, reader);
      return;
    }
    if (type === op.sasl) {
      if (this.#server.behaviour !== "mute") this.#logIn(id, reader.buffer());
      return;
    }
    if (this.#server.saslRequired && !this.#loggedIn) {
      this.#refuse(id, errorCode.saslRequired);
      return;
    }
    const path = type === op.setWatches || type === op.multiRead ? "/" : reader.text();
    this.#server.requests.push({ type, path });
    const parts = type === op.multiRead ? readParts(reader) : [];
    this.#server.requests.push(...parts);
    const own = this.#server.answer?.({ type, path });
    const each = parts.map((part) => ({ ...part, fault: this.#server.answer?.(part) }));
    // What is more than an error code befalls the whole answer.
    const fault = own ?? each.map((part) => part.fault).find((part) => typeof part === "string");
    if (this.#server.behaviour === "mute" || fault === "silence") return;
    if (type === op.addWatch && !this.#server.recursiveWatches) this.#refuse(id, errorCode.unimplemented);
    else if (fault === "close") this.destroy();
    else if (fault === "garbage") this.#send(Buffer.from("00000007ff00ff00ff00ff", "hex"));
    else if (fault === "endless") this.#send(Buffer.from("7fffffff00000001", "hex"));
    else this.#reply(id, { type, path, each }, reader, fault);
  }

  #reply(id: number, { type, path, each }: Whole, reader: JuteReader, fault: number | "cut" | undefined): void {
    try {
      if (typeof fault === "number") throw new Refused(fault);
      if (isReading(type) && !this.#server.mayRead(path, this.#identities)) throw new Refused(errorCode.noAuth);
      const body = type === op.multiRead ? this.#performEach(each) : this.#perform(type, path, reader);
      const whole = Buffer.concat([header(id, this.#server.zxid, errorCode.ok).frame(), body]);
      whole.writeInt32BE(whole.length - 4);
      this.#send(fault === "cut" ? whole.subarray(0, whole.length - 3) : whole);
      if (fault === "cut") this.#socket.end();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#send(header(id, this.#server.zxid, error.code).frame());
    }
  }

  /** A body as it stands behind the reply's header. */
  #perform(type: number, path: string, reader: JuteReader): Buffer {
    const { nodes } = this.#server;
    const reply = new JuteWriter();
    switch (type) {
      case op.exists: {
        // Also a node that is not there is watched: for its creation.
        if (reader.boolean()) this.#dataWatches.add(path);
        writeStat(reply, nodes.get(path));
        break;
      }
      case op.getData: {
        const node = nodes.get(path);
        if (reader.boolean()) this.#dataWatches.add(path);
        writeStat(reply.buffer(node.data), node);
        break;
      }
      case op.getChildren:
      case op.getChildren2: {
        this.#writeChildren(reply, path);
        if (reader.boolean()) this.#childWatches.add(path);
        if (type === op.getChildren2) writeStat(reply, nodes.get(path));
        break;
      }
      case op.create:
      case op.create2: {
        const data = Buffer.from(reader.buffer());
        reader.vector(() => [reader.int(), reader.text(), reader.text()]);
        const ephemeral = (reader.int() & 1) === 1;
        nodes.create(path, data, ephemeral ? this.#session : 0n);
        reply.text(path);
        if (type === op.create2) writeStat(reply, nodes.get(path));
        break;
      }
      case op.delete:
        nodes.delete(path);
        break;
      case op.setData:
        nodes.setData(path, Buffer.from(reader.buffer()));
        writeStat(reply, nodes.get(path));
        break;
      case op.setWatches:
        break;
      case op.sync:
        reply.text(path);
        break;
      case op.addWatch:
        if (reader.int() !== watchMode.persistentRecursive) throw new Refused(errorCode.badArguments);
        this.#trees.add(path);
        reply.int(errorCode.ok);
        break;
      default:
        throw new Refused(errorCode.unimplemented);
    }
    return reply.frame().subarray(4);
  }

  /** Readings in one request: each is answered by itself, and leaves no watch whatever it asks for. */
  #performEach(parts: readonly Part[]): Buffer {
    const reply = new JuteWriter();
    for (const part of parts) {
      const { type, path } = part;
      const code = type === op.getChildren ? this.#codeOf(part) : errorCode.badArguments;
      reply
        .int(code === errorCode.ok ? type : -1)
        .boolean(false)
        .int(code);
      if (code === errorCode.ok) this.#writeChildren(reply, path);
      else reply.int(code);
    }
    return reply.int(-1).boolean(true).int(-1).frame().subarray(4);
  }

  #writeChildren(reply: JuteWriter, path: string): void {
    const { nodes, rawNames } = this.#server;
    reply.vector([...nodes.get(path).children], (name) => reply.buffer(rawNames.get(name) ?? Buffer.from(name)));
  }

  #codeOf({ path, fault }: Part): number {
    if (typeof fault === "number") return fault;
    if (!this.#server.mayRead(path, this.#identities)) return errorCode.noAuth;
    return this.#server.nodes.has(path) ? errorCode.ok : errorCode.noNode;
  }

  /** Servers do that to whoever may not go on, and with requests that they do not know (3.5.10, observed). */
  #refuse(id: number, code: number): void {
    this.#send(header(id, 0n, code).frame());
    this.#socket.end();
  }

  #logIn(id: number, token: Buffer): void {
    const { saslUsers, saslProof } = this.#server;
    const answer = (bytes: Buffer): void => this.#send(header(id, 0n, errorCode.ok).buffer(bytes).frame());
    const proven = this.#login?.verify(token);
    // A server without SASL says nothing, in good order.
    if (saslUsers.size === 0) this.#send(header(id, 0n, errorCode.ok).int(-1).frame());
    else if (token.length === 0) {
      this.#login = new SaslLogin(saslUsers);
      answer(this.#login.challenge);
    } else if (proven) {
      this.#loggedIn = true;
      this.#identities.add(`sasl:${proven.user}`);
      answer(saslProof ?? proven.proof);
    } else this.#refuse(id, errorCode.authFailed);
  }

  #authenticate(id: number, reader: JuteReader): void {
    reader.int();
    const scheme = reader.text();
    if (this.#server.schemes.has(scheme)) {
      this.#identities.add(reader.text());
      this.#send(header(id, 0n, errorCode.ok).frame());
    } else this.#refuse(id, errorCode.authFailed);
  }

  #send(bytes: Buffer): void {
    const { delayMs } = this.#server;
    if (delayMs === 0) this.#socket.write(bytes);
    else setTimeout(() => this.#socket.write(bytes), delayMs);
  }
}

/** What a multi-read is made of. */
function readParts(reader: JuteReader): Request[] {
  const parts: Request[] = [];
  for (;;) {
    const type = reader.int();
    const end = reader.boolean();
    reader.int();
    if (end) return parts;
    parts.push({ type, path: reader.text() });
    reader.boolean();
  }
}

/** What needs the permission to read. */
function isReading(type: number): boolean {
  return type !== op.exists && type !== op.sync && type !== op.addWatch;
}

function header(id: number, zxid: bigint, code: number): JuteWriter {
  return new JuteWriter().int(id).long(zxid).int(code);
}

function writeStat(writer: JuteWriter, node: Znode): void {
  writer.long(1n).long(1n).long(0n).long(0n).int(node.version).int(node.childVersion).int(0);
  writer.long(node.owner).int(node.data.length).int(node.children.size).long(1n);
}
