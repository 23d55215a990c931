/** Runs the `tributary` command as users do, on this process's Node. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../bin/tributary.js", import.meta.url));

export interface RunningCommand {
  readonly child: ChildProcess;
  /** What was printed so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with the first match on either output; rejects if the command ends without one. */
  printed(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Resolves with the exit code; -1 after a signal. */
  readonly ended: Promise<number>;
}

export function start(t: TestContext, ...args: string[]): RunningCommand {
  return startProgram(t, main, ...args);
}

/** The same of another launcher than the checkout's. */
export function startProgram(t: TestContext, launcher: string, ...args: string[]): RunningCommand {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  t.after(() => child.kill("SIGKILL"));
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const listener of [...listeners]) listener();
    });
  }
  const ended = once(child, "close").then(([code]) => (code as number | null) ?? -1);
  return {
    child,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    ended,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = text.stdout.match(pattern) ?? text.stderr.match(pattern);
          if (!match) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        void ended.then((code) => reject(new Error(`ended with ${code} before printing ${pattern}:\n${text.stdout}${text.stderr}`)));
        look();
      }),
  };
}

/** Runs a command to its end. */
export async function run(t: TestContext, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = start(t, ...args);
  const code = await command.ended;
  return { code, stdout: command.stdout(), stderr: command.stderr() };
}
