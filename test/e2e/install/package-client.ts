/** Runs a package client (mvn, go) and says what is going on while it takes its time. */
import { spawn } from "node:child_process";
import { FailedInstall, MissingTool, RefusedPackage } from "./problems.ts";

export interface PackageCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** What is installed, for people: `istiod (Go; minutes when cold)`. */
  readonly what: string;
}

/** A client that takes longer has lost its way; ms. */
const longest = 40 * 60_000;

/** How the clients say that the registry answered, and that its answer was no. */
const refusals =
  /\b(403|404|410|451)\b.*(Forbidden|Not Found|Gone|Unavailable)|status code: 4\d\d|Could not find artifact|was not found in|unknown revision|invalid version|no matching versions/i;

/**
 * @throws MissingTool, RefusedPackage, FailedInstall
 */
export async function runPackageClient({ command, args, cwd, what }: PackageCommand): Promise<string> {
  const begun = performance.now();
  const seconds = () => `${Math.round((performance.now() - begun) / 1000)} s`;
  say(`installing ${what}: ${command} ${args[0]} …`);
  const progress = setInterval(() => say(`still installing ${what}, ${seconds()}`), 30_000);
  try {
    const output = await run(command, args, cwd, what);
    say(`installed ${what} in ${seconds()}`);
    return output;
  } catch (error) {
    say(`could not install ${what} (${seconds()})`);
    throw error;
  } finally {
    clearInterval(progress);
  }
}

function run(command: string, args: readonly string[], cwd: string, what: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    const lost = setTimeout(() => child.kill("SIGKILL"), longest).unref();
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk) => chunks.push(chunk));
    child.stderr.on("data", (chunk) => chunks.push(chunk));
    child.once("error", (error: NodeJS.ErrnoException) => reject(error.code === "ENOENT" ? new MissingTool(command) : error));
    child.once("close", (code) => {
      clearTimeout(lost);
      const output = Buffer.concat(chunks).toString();
      if (code === 0) resolve(output);
      else if (refusals.test(output)) reject(new RefusedPackage(what, output));
      else reject(new FailedInstall(`${command} ${args.join(" ")}`, output));
    });
  });
}

/** A line of progress; on stderr, because a test's stdout belongs to the runner. */
export function say(line: string): void {
  console.error(`e2e: ${line}`);
}
