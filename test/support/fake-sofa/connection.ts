/** One client of a fake session server. */
import type { Socket } from "node:net";
import {
  command,
  encodeHeartbeatAnswer,
  encodeRequest,
  encodeResponse,
  type Frame,
  type Message,
} from "../../../src/registries/sofa/bolt/frame.ts";
import { Frames } from "../../../src/registries/sofa/bolt/frames.ts";
import { dataInfoIdText } from "../../../src/registries/sofa/data-info-id.ts";
import { type Dialect, hessian, protobuf, type Registered } from "./dialect.ts";
import type { FakeSofaRegistry } from "./server.ts";

/** What a server says about a class that it does not know: status 2, and an exception in Hessian. */
const unknownClass = Buffer.from("Mt\x00-com.alipay.remoting.rpc.exception.RpcServerExceptionS\x00\x0adetailMsgz", "latin1");
const pushTimeout = 2_000;

export class Connection {
  readonly #server: FakeSofaRegistry;
  readonly #socket: Socket;
  readonly #frames = new Frames(64 * 1024 * 1024);
  /** Subscriptions and publications, by `registId`. */
  readonly #registered = new Map<string, Registered>();
  /** The subscriptions among them, by the id that they are about. */
  readonly #subscribers = new Map<string, Map<string, Registered>>();
  #dialect: Dialect = protobuf;
  #nextPush = 1;

  constructor(server: FakeSofaRegistry, socket: Socket) {
    this.#server = server;
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      if (server.behaviour !== "mute") this.#frames.push(chunk, (frame) => this.#onFrame(frame));
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (!server.listening) return;
      for (const { kind, registId, ...id } of this.#registered.values()) {
        if (kind === "publisher") server.publications.remove(dataInfoIdText(id), registId);
      }
    });
  }

  /** Ids of everything that it subscribes to or publishes. */
  get ids(): string[] {
    return Array.from(this.#registered.values(), dataInfoIdText);
  }

  /** Ids that it subscribes to. */
  get subscribed(): string[] {
    return [...this.#subscribers.keys()];
  }

  /** Pushes an id to whoever of this client subscribes to it. */
  push(id: string): void {
    const subscribers = this.#subscribers.get(id);
    const [first] = subscribers?.values() ?? [];
    if (first && this.#server.pushes(id)) this.#pushTo(first, [...subscribers!.keys()]);
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #onFrame(frame: Frame): void {
    if (frame.type === "response") {
      this.#server.acknowledged++;
      this.#server.events.emit("acknowledged");
    } else if (frame.command === command.heartbeat) this.write(encodeHeartbeatAnswer(frame.id));
    else this.#onRequest(frame);
  }

  #onRequest(frame: Frame): void {
    for (const [name, dialect] of [
      ["protobuf", protobuf],
      ["hessian", hessian],
    ] as const) {
      const registered = this.#server.speaks.has(name) ? dialect.register(frame) : undefined;
      if (!registered) continue;
      this.#dialect = dialect;
      this.#onRegister(frame.id, registered);
      this.#server.events.emit("registered", registered);
      return;
    }
    this.#respond(frame.id, { codec: 1, className: "com.alipay.remoting.rpc.exception.RpcServerException", content: unknownClass }, 2);
  }

  #onRegister(requestId: number, registered: Registered): void {
    const id = dataInfoIdText(registered);
    const fault = this.#server.refuses?.(registered);
    if (fault === "silence") return;
    const words = fault === undefined ? "register success!" : "register failed!";
    this.#respond(requestId, this.#dialect.answer(registered, fault !== "failure", fault === "refused", words));
    if (fault !== undefined) return;
    const { publications } = this.#server;
    const before = this.#registered.get(registered.registId);
    if (registered.event === "UNREGISTER") {
      this.#registered.delete(registered.registId);
      const others = this.#subscribers.get(id);
      others?.delete(registered.registId);
      if (others?.size === 0) this.#subscribers.delete(id);
      if (registered.kind === "publisher") publications.remove(id, registered.registId);
      return;
    }
    // What a server knows already it ignores.
    if (before && before.version >= registered.version) return;
    this.#registered.set(registered.registId, registered);
    if (registered.kind === "publisher") {
      publications.put(id, registered.registId, { zone: registered.zone, data: registered.data });
      return;
    }
    const subscribers = this.#subscribers.get(id) ?? new Map<string, Registered>();
    this.#subscribers.set(id, subscribers.set(registered.registId, registered));
    if (this.#server.pushes(id)) this.#pushTo(registered, [registered.registId]);
  }

  #pushTo({ dataId, group, instanceId, acceptEncoding, acceptMulti }: Registered, registIds: readonly string[]): void {
    const id = dataInfoIdText({ dataId, group, instanceId });
    const { dataCenter, otherDataCenters, encoding } = this.#server;
    const pushed = [{ dataId, group, instanceId, registIds, segment: dataCenter, ...this.#server.content(id) }];
    const used = acceptEncoding.split(",").includes(encoding) ? encoding : "";
    let message: Message;
    if (acceptMulti && this.#dialect.multiPush) {
      for (const [segment, content] of otherDataCenters) pushed.push({ ...pushed[0]!, segment, ...content });
      message = this.#dialect.multiPush(pushed, used);
    } else message = this.#dialect.push(pushed[0]!, used);
    this.#server.pushed++;
    this.write(encodeRequest(this.#nextPush++, pushTimeout, message));
  }

  #respond(id: number, message: Message, status = 0): void {
    const bytes = encodeResponse(id, message);
    bytes.writeInt16BE(status, 10);
    this.write(bytes);
  }
}
