/** What a reading client says to a ZooKeeper server, as frames ready to be sent (`zookeeper.jute`, `ZooDefs.OpCode`). */
import { JuteWriter } from "./jute.ts";

const operation = {
  exists: 3,
  getData: 4,
  getChildren: 8,
  sync: 9,
  ping: 11,
  multiRead: 22,
  auth: 100,
  sasl: 102,
  addWatch: 106,
  close: -11,
} as const;

/** Before each part of a request or answer that has several, in bytes: what it is, whether it is the end, an error. */
const partHeader = 4 + 1 + 4;

/** Of `addWatch`: persistent, on a node and everything below. */
const recursive = 1;

/** Numbers of requests that are no one's but the protocol's. */
export const ownXid = { notification: -1, ping: -2, auth: -4 } as const;

const passwordLength = 16;

/** The first frame of a connection: asks for a new session. @param timeout of the session, in ms */
export function greeting(timeout: number): Buffer {
  // Protocol version, last zxid seen, time-out, session, password, and whether a read-only server will do.
  return new JuteWriter(4 + 8 + 4 + 8 + 4 + passwordLength + 1)
    .int(0)
    .long(0n)
    .int(timeout)
    .long(0n)
    .bytes(Buffer.alloc(passwordLength))
    .flag(false)
    .frame();
}

/** @param credentials as the scheme wants them: `user:password` for `digest` */
export function authentication(scheme: string, credentials: Buffer): Buffer {
  const schemeLength = Buffer.byteLength(scheme);
  return new JuteWriter(8 + 4 + 4 + schemeLength + 4 + credentials.length)
    .int(ownXid.auth)
    .int(operation.auth)
    .int(0)
    .text(scheme, schemeLength)
    .bytes(credentials)
    .frame();
}

/** A step of a SASL login. Answered with the server's token, null where it has nothing to say. */
export function sasl(xid: number, token: Buffer): Buffer {
  return new JuteWriter(8 + 4 + token.length).int(xid).int(operation.sasl).bytes(token).frame();
}

/** Answered with the node's status, or that it does not exist; with `watch`, leaves a watch on its creation, change or deletion. */
export function exists(xid: number, path: string, watch: boolean): Buffer {
  return aboutPath(xid, operation.exists, path, watch);
}

/** Answered with the node's content, then its status; with `watch`, leaves a watch on its change or deletion. */
export function getData(xid: number, path: string, watch: boolean): Buffer {
  return aboutPath(xid, operation.getData, path, watch);
}

/** Answered with the names of the node's children; with `watch`, leaves a watch on them. */
export function getChildren(xid: number, path: string, watch: boolean): Buffer {
  return aboutPath(xid, operation.getChildren, path, watch);
}

/** Answered with the names of the children of each node, or why they cannot be read; leaves no watch (since 3.6). */
export function getChildrenOfEach(xid: number, paths: readonly string[]): Buffer {
  const lengths = paths.map((path) => Buffer.byteLength(path));
  const size = lengths.reduce((sum, length) => sum + partHeader + 4 + length + 1, 0);
  const frame = new JuteWriter(8 + size + partHeader).int(xid).int(operation.multiRead);
  for (const [at, path] of paths.entries()) frame.int(operation.getChildren).flag(false).int(-1).text(path, lengths[at]!).flag(false);
  return frame.int(-1).flag(true).int(-1).frame();
}

/** Leaves a watch on a node, present or not, and everything below, until the session ends (since 3.6). */
export function addRecursiveWatch(xid: number, path: string): Buffer {
  const pathLength = Buffer.byteLength(path);
  return new JuteWriter(8 + 4 + pathLength + 4).int(xid).int(operation.addWatch).text(path, pathLength).int(recursive).frame();
}

/** Answered when the server has everything that its leader had when it was asked. */
export function sync(xid: number, path: string): Buffer {
  const pathLength = Buffer.byteLength(path);
  return new JuteWriter(8 + 4 + pathLength).int(xid).int(operation.sync).text(path, pathLength).frame();
}

export function ping(): Buffer {
  return new JuteWriter(8).int(ownXid.ping).int(operation.ping).frame();
}

/** Ends the session at the server. */
export function closeSession(xid: number): Buffer {
  return new JuteWriter(8).int(xid).int(operation.close).frame();
}

function aboutPath(xid: number, type: number, path: string, watch: boolean): Buffer {
  const pathLength = Buffer.byteLength(path);
  return new JuteWriter(8 + 4 + pathLength + 1).int(xid).int(type).text(path, pathLength).flag(watch).frame();
}
