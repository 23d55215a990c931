/**
 * One process per folder: whoever holds the lock listens on a socket in it.
 *
 * A file with a process id would not do: in containers every process has the same small ids, and
 * after a kill nobody can tell whether the owner lives. A socket's listener ends with its process,
 * however that ends, and answers across the containers of a machine. What the lock cannot see is a
 * process on another machine: the folder must not be on a file system that machines share.
 */
import { randomUUID } from "node:crypto";
import { linkSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { TributaryError } from "../errors/tributary-error.ts";

/** Bytes of a socket's path; Linux allows 107, others 103. */
const longestPath = 103;
const lockName = "lock";

/** Why a folder's path does not allow a lock; undefined: it does. */
export function socketPathProblem(folder: string): string | undefined {
  if (Buffer.byteLength(join(folder, `.${randomUUID().slice(0, 13)}-old`)) <= longestPath) return undefined;
  return `the path ${folder} is too long for a socket in it; choose a shorter one`;
}

export class FolderLock {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  /** @throws TributaryError STATE_IN_USE if another process has it; otherwise what the file system says. */
  static async acquire(folder: string): Promise<FolderLock> {
    const path = join(folder, lockName);
    const own = join(folder, `.${randomUUID().slice(0, 13)}`);
    const tooLong = socketPathProblem(folder);
    if (tooLong !== undefined) throw new Error(tooLong);
    const server = await listen(own);
    try {
      while (!link(own, path)) {
        if (await answers(path)) throw inUse(folder);
        // Its owner is dead. Only one process gets the old socket by its rename …
        const old = `${own}-old`;
        renameIfThere(path, old);
        // … and if that was a new owner's, who came between, it is given back.
        if (await answers(old)) {
          link(old, path);
          rmSync(old, { force: true });
          throw inUse(folder);
        }
        rmSync(old, { force: true });
      }
      return new FolderLock(server, path);
    } catch (error) {
      server.close();
      throw error;
    } finally {
      rmSync(own, { force: true });
    }
  }

  release(): void {
    rmSync(this.#path, { force: true });
    this.#server.close();
  }
}

function inUse(folder: string): TributaryError {
  return new TributaryError("STATE_IN_USE", `${folder} is in use by another process`, {
    hint: "lastKnownGood.folder belongs to one process; end the other one or name another folder",
  });
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.unref();
    // Stays: what goes wrong after it listens concerns whoever looked, and must not end the process.
    server.on("error", reject);
    server.listen(path, () => resolve(server));
  });
}

/** Whether a process listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    // Nobody listens, there is no such file, or it is no socket: left behind, whatever it is.
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EAGAIN" || error.code === "EACCES"));
  });
}

/** False if the name is taken. */
function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
