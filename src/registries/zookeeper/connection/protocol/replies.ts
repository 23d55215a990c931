/** What a ZooKeeper server says, read out of whole frames. All functions throw a RangeError for frames that are too short. */
import { JuteReader } from "./jute.ts";

/** Bytes of a frame before its content. */
const lengthBytes = 4;
/** A greeting is 37 bytes, 36 from old servers. */
const maxGreeting = 256;

/** The server's answer to the greeting: the session's time-out in ms; 0 if it does not accept the session. */
export function readGreeting(frame: Buffer): number {
  if (frame.length > maxGreeting) throw new RangeError(`a greeting of ${frame.length} bytes`);
  const reader = new JuteReader(frame, lengthBytes);
  reader.int(); // protocol version
  const timeout = reader.int();
  reader.skip(8); // session
  return timeout;
}

export interface Reply {
  /** The request that it answers, or one of `ownXid`. */
  readonly xid: number;
  /** 0, or a ZooKeeper error code, negative. */
  readonly error: number;
  /** At the content; there is none after an error. */
  readonly content: JuteReader;
}

export function readReply(frame: Buffer): Reply {
  const content = new JuteReader(frame, lengthBytes);
  const xid = content.int();
  content.skip(8); // zxid
  return { xid, error: content.int(), content };
}

/** Of an answer to `getChildrenOfEach`: for each node its children's names, or an error code, negative. */
export function readChildrenOfEach(content: JuteReader): (string[] | number)[] {
  const answers: (string[] | number)[] = [];
  for (;;) {
    const failed = content.int() < 0;
    const end = content.flag();
    content.skip(4); // the error once more
    if (end) return answers;
    answers.push(failed ? content.int() : content.texts());
  }
}

export interface Notification {
  /** As ZooKeeper counts the kinds of events; newer servers may know more of them. */
  readonly kind: number;
  readonly path: string;
}

/** Of a reply numbered `ownXid.notification`: which watch fired; undefined for news of the session itself. */
export function readNotification({ content }: Reply): Notification | undefined {
  const kind = content.int();
  content.skip(4); // state
  const path = content.text();
  return path === "" ? undefined : { kind, path };
}
