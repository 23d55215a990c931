/** `OP_CODES.GET_CHILDREN2` of the library. */
const getChildren2 = 12;

/**
 * Asks for a node's children and leaves a watch, in the form that the library's queue takes. The
 * library's own is for single requests: around each it builds a loop of retries that holds the
 * answer, and a listing consists of thousands.
 */
export class ChildrenRequest {
  /** The queue assigns `xid`. */
  readonly header = { xid: 0, type: getChildren2 };
  /** Nothing to be rewritten by the queue: the path is complete. */
  readonly payload = null;
  readonly #path: string;

  /** @param path from the server's root, the chroot included */
  constructor(path: string) {
    this.#path = path;
  }

  /** Four bytes each of length, xid, type and the path's length; the path; one byte that wants a watch. */
  toBuffer(): Buffer {
    const pathLength = Buffer.byteLength(this.#path);
    const bytes = Buffer.allocUnsafe(16 + pathLength + 1);
    bytes.writeInt32BE(bytes.length - 4, 0);
    bytes.writeInt32BE(this.header.xid, 4);
    bytes.writeInt32BE(this.header.type, 8);
    bytes.writeInt32BE(pathLength, 12);
    bytes.write(this.#path, 16);
    bytes.writeUInt8(1, 16 + pathLength);
    return bytes;
  }
}
