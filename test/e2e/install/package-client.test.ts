import assert from "node:assert/strict";
import { test } from "node:test";
import { runPackageClient } from "./package-client.ts";
import { FailedInstall, MissingTool, RefusedPackage } from "./problems.ts";

/** A client that says this and fails. */
function failing(output: string) {
  return runPackageClient({
    what: "nothing (test)",
    command: process.execPath,
    args: ["-e", "console.error(process.argv[1]); process.exit(1)", output],
    cwd: import.meta.dirname,
  });
}

test("a registry that says no is told from everything else that fails", async () => {
  const refused = [
    "go: example.com/m@v1.2.3: reading https://registry.invalid/example.com/m/@v/v1.2.3.mod: 403 Forbidden",
    "go: example.com/m@v1.2.3: invalid version: unknown revision v1.2.3",
    "[ERROR] Could not find artifact example:server:jar:1 in central (https://registry.invalid/maven2)",
    "[ERROR] Could not transfer artifact example:server:pom:1: status code: 403, reason phrase: Forbidden (403)",
  ];
  for (const output of refused) await assert.rejects(failing(output), RefusedPackage, output);
  const failed = [
    "main.go:3:8: undefined: x",
    "verifying example.com/m@v1.2.3: checksum mismatch SECURITY ERROR",
    "dial tcp: lookup registry.invalid: no such host",
    "no space left on device",
  ];
  for (const output of failed) await assert.rejects(failing(output), FailedInstall, output);
});

test("a client that is not there is a missing tool", async () => {
  const nowhere = { what: "nothing (test)", command: "no-such-package-client", args: [], cwd: import.meta.dirname };
  await assert.rejects(runPackageClient(nowhere), MissingTool);
});

test("the address of a registry is nobody's business", async () => {
  const error = await failing("reading https://user:secret@registry.invalid:8443/m: 404 Not Found").catch((reason: Error) => reason);
  assert.ok(error instanceof RefusedPackage);
  assert.doesNotMatch(error.message, /registry|secret/);
});
