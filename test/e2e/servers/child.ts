/**
 * A started program: in a process group of its own, its output in a file, and gone when this
 * process is gone, whether its test passed, failed, or somebody pressed Ctrl-C.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { logFolder } from "../install/cache.ts";

export interface ChildOptions {
  /** Names the log file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<Child>();
let started = 0;

process.on("exit", () => {
  for (const child of running) child.signal("SIGKILL");
});
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => process.exit(130));

export class Child {
  readonly name: string;
  readonly log: string;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;

  constructor(options: ChildOptions) {
    this.name = options.name;
    const folder = logFolder();
    mkdirSync(folder, { recursive: true });
    started += 1;
    this.log = path.join(folder, `${process.pid}-${String(started).padStart(2, "0")}-${options.name}.log`);
    const output = openSync(this.log, "w");
    this.#process = spawn(options.command, options.args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    // A forgotten server must not keep this process alive; it dies with it.
    this.#process.unref();
    running.add(this);
    this.exited = new Promise((resolve) => {
      this.#process.once("error", () => resolve({ code: null, signal: null }));
      this.#process.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.exited.then(() => running.delete(this));
  }

  get alive(): boolean {
    return running.has(this);
  }

  get pid(): number {
    const { pid } = this.#process;
    if (pid === undefined) throw new Error(`${this.name} did not start, see ${this.log}`);
    return pid;
  }

  /** Signals the whole process group; nothing happens if it is gone. */
  signal(name: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** kill -9, and waits for the end. */
  async kill(): Promise<void> {
    if (!this.alive) return;
    // Whoever waits for its end is kept alive by it.
    this.#process.ref();
    this.signal("SIGKILL");
    await this.exited;
  }

  /** Asks it to end (also if it is suspended), and insists after `graceMs`. Gives how it ended. */
  async stop(graceMs = 5_000): Promise<Exit> {
    if (this.alive) {
      this.#process.ref();
      this.signal("SIGTERM");
      this.signal("SIGCONT");
      const insist = setTimeout(() => this.signal("SIGKILL"), graceMs);
      await this.exited;
      clearTimeout(insist);
    }
    return this.exited;
  }

  /** Everything it has written so far. */
  output(): string {
    return readFileSync(this.log, "utf8");
  }
}
