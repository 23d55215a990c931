/** This machine lacks a program; its suites are skipped, or fail with `E2E=required`. */
export class MissingTool extends Error {
  readonly tool: string;

  constructor(tool: string) {
    super(`${tool} is not on this machine's PATH`);
    this.tool = tool;
  }
}

/** The package registry refuses to serve a package: its suites are reported as not proven. */
export class RefusedPackage extends Error {
  constructor(what: string, output: string) {
    super(`${what} is not to be had: ${lastLines(output)}`);
  }
}

/** A package client failed for another reason. */
export class FailedInstall extends Error {
  constructor(command: string, output: string) {
    super(`${command} failed: ${lastLines(output)}`);
  }
}

/** Addresses are cut: which registry a machine asks is its own affair. */
function lastLines(output: string): string {
  const lines = output
    .replaceAll(/https?:\/\/[^\s/]+/g, "…")
    .trim()
    .split("\n");
  return lines.slice(-5).join(" | ").slice(0, 600);
}
