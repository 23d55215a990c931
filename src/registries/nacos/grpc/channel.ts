/**
 * One HTTP/2 connection to a server's gRPC port. The server knows its clients by their connection, so the stream and
 * all single requests have to share one: the channel keeps its own, whatever others of this thread are connected to.
 */
import { checkServerIdentity } from "node:tls";
import {
  ChannelCredentials,
  Client,
  type ClientDuplexStream,
  logVerbosity,
  type ServiceError,
  setLogVerbosity,
  status,
} from "@grpc/grpc-js";
import { type HostPort, hostPortText } from "../../host-port.ts";
import { readTlsMaterial } from "../../tls-material.ts";
import type { TlsSettings } from "../../tls-settings.ts";
import { decodeMessage, encodeMessage, type Message } from "./message.ts";
import { OwnSockets } from "./own-sockets.ts";

// Whatever it has to say is told as a reason; it must not write to the standard error of the program.
setLogVerbosity(logVerbosity.NONE);

/** Bytes; a service with thousands of instances comes as one message. */
const maxMessage = 64 * 1024 * 1024;

/**
 * Bytes that a server may send ahead of our reading. One that cannot send at once gives a push up and tries it again after a
 * second, and after five more once again: with 64 KiB, as by default, thousands of subscriptions kept it busy with itself
 * for half a minute, and changes came late (observed with 2.5.0).
 */
const receiveWindow = 16 * 1024 * 1024;

/** How a request or the stream failed, beyond what the server itself says. */
export class ChannelFailure extends Error {
  /** No answer in time. */
  readonly late: boolean;

  constructor(error: ServiceError) {
    super(describe(error));
    this.late = error.code === status.DEADLINE_EXCEEDED;
  }
}

export interface StreamEvents {
  /** Undefined: something that cannot be understood, for the given reason. */
  message(message: Message | undefined, reason?: string): void;
  /** Called once. */
  ended(reason: string): void;
}

/** A message, or why it could not be read. A parser that threw would end the whole stream. */
type Received = Message | Error;

export class Channel {
  readonly #client: Client;
  readonly #sockets = new OwnSockets();
  #stream: ClientDuplexStream<Message, Received> | undefined;

  /** @throws TributaryError TLS_UNUSABLE */
  constructor(server: HostPort, tls: TlsSettings | undefined) {
    const credentials = tls ? secured(server.host, tls) : ChannelCredentials.createInsecure();
    this.#client = new Client(hostPortText(server), this.#sockets.known(credentials), {
      "grpc.use_local_subchannel_pool": 1,
      "grpc.max_receive_message_length": maxMessage,
      "grpc.max_send_message_length": maxMessage,
      "grpc-node.flow_control_window": receiveWindow,
      "grpc.enable_retries": 0,
      "grpc.service_config_disable_resolution": 1,
      "grpc.enable_http_proxy": 0,
      ...(tls && { "grpc.ssl_target_name_override": tls.serverName ?? server.host }),
    });
  }

  /** @throws ChannelFailure, Error if the answer cannot be understood */
  request(message: Message, timeout: number): Promise<Message> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + timeout;
      this.#client.makeUnaryRequest("/Request/request", encodeMessage, received, message, { deadline }, (error, answer) => {
        if (error) reject(new ChannelFailure(error));
        else if (answer instanceof Error || !answer) reject(answer ?? new Error("an empty answer"));
        else resolve(answer);
      });
    });
  }

  /** Opens the stream on which the server speaks first. */
  open(events: StreamEvents): void {
    const stream = this.#client.makeBidiStreamRequest("/BiRequestStream/requestBiStream", encodeMessage, received);
    this.#stream = stream;
    let over = false;
    const end = (reason: string): void => {
      if (over) return;
      over = true;
      events.ended(reason);
    };
    stream.on("data", (message: Received) => {
      if (message instanceof Error) events.message(undefined, message.message);
      else events.message(message);
    });
    stream.on("error", (error: ServiceError) => end(describe(error)));
    stream.on("end", () => end("the server ended the stream"));
  }

  send(message: Message): void {
    this.#stream?.write(message);
  }

  close(): void {
    // Ends with an error, which is nobody's business any more.
    this.#stream?.removeAllListeners();
    this.#stream?.on("error", () => {});
    this.#stream?.cancel();
    this.#client.close();
    this.#sockets.destroy();
  }
}

function received(bytes: Buffer): Received {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    return error as Error;
  }
}

function secured(host: string, tls: TlsSettings): ChannelCredentials {
  const { ca, cert, key } = readTlsMaterial(tls);
  const bytes = (text: typeof ca): Buffer | null => (text === undefined ? null : Buffer.from(text as string));
  const name = tls.serverName ?? host;
  return ChannelCredentials.createSsl(bytes(ca), bytes(key as string | undefined), bytes(cert as string | undefined), {
    checkServerIdentity: (_, certificate) => (tls.verifyServerName ? checkServerIdentity(name, certificate) : undefined),
  });
}

/** The library wraps what the socket says: `14 UNAVAILABLE: No connection established. Last error: …`. */
function describe({ code, details }: ServiceError): string {
  const said = /Last error: (.*?)\.?( Resolution note:.*)?$/s.exec(details)?.[1] ?? details;
  // Without the time, so that the same reason is the same text, and without Node's advice about its own options.
  const timeless = said
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "")
    .replace(/; if the root CA is installed locally.*/s, "")
    .replace(/[\p{Cc}\s]+/gu, " ");
  return `${status[code] ?? code}: ${timeless.slice(0, 300)}`;
}
