import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { Writable } from "node:stream";
import { test } from "node:test";
import { TributaryError } from "../../src/errors/tributary-error.ts";
import { createLogger, type LoggerOptions } from "../../src/log/create-logger.ts";

const module = new URL("../../src/log/create-logger.ts", import.meta.url).href;

async function lines(
  format: "auto" | "json" | "text",
  options: LoggerOptions,
  say: (log: Awaited<ReturnType<typeof createLogger>>) => void,
): Promise<string> {
  let written = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  say(await createLogger({ level: "info", format }, { ...options, destination }));
  return written;
}

test("JSON lines carry level, time, fields and message", async () => {
  const written = await lines("json", {}, (log) => {
    log.debug({}, "not this one");
    log.warn({ registry: "zk" }, "it is late");
  });
  const { time, ...rest } = JSON.parse(written);
  assert.deepEqual(rest, { level: "warn", registry: "zk", msg: "it is late" });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
});

test("auto is text on a terminal and JSON elsewhere", async () => {
  const say = (log: { info(fields: object, message: string): void }) => log.info({ port: 1 }, "hello");
  assert.match(await lines("auto", { isTTY: true }, say), /INFO.*hello/);
  assert.equal(JSON.parse(await lines("auto", { isTTY: false }, say)).msg, "hello");
  const plain = await lines("text", { isTTY: false }, say);
  assert.ok(plain.includes("hello") && !plain.startsWith("{") && !plain.includes("\u001b["), plain);
});

test("an error field shows its code, position and stack", async () => {
  const error = new TributaryError("CONFIG_INVALID", "bad", { position: { file: "t.yaml", line: 3 } });
  const written = JSON.parse(await lines("json", {}, (log) => log.error({ error }, "failed")));
  assert.equal(written.error.code, "CONFIG_INVALID");
  assert.equal(written.error.position.line, 3);
  assert.match(written.error.stack, /logger\.test/);
});

test("secrets appear nowhere: message, nested fields, stacks, escaped or URL-encoded", async () => {
  const secrets = [
    { value: 'pa"ss/wörd', reference: "${env:A}" },
    { value: "warn", reference: "${env:LEVEL}" },
    { value: "msg", reference: "${env:SHORT}" },
  ];
  for (const format of ["json", "text"] as const) {
    const written = await lines(format, { secrets }, (log) =>
      log.warn(
        { deep: [{ url: `zk://x?p=${encodeURIComponent('pa"ss/wörd')}` }], error: new Error('got pa"ss/wörd') },
        'logging in with pa"ss/wörd',
      ),
    );
    assert.doesNotMatch(written, /wörd|w%C3%B6rd/, format);
    assert.match(written, /logging in with \$\{env:A\}/);
    if (format === "json") assert.equal(JSON.parse(written).level, "warn");
  }
});

test("a reload changes level and secrets", async () => {
  const written = await lines("json", {}, (log) => {
    log.configure({ level: "debug", format: "json" }, [{ value: "rotated", reference: "${file:p}" }]);
    log.debug({}, "it is rotated");
  });
  assert.match(written, /it is \$\{file:p\}/);
});

test("the default destination is standard error, complete also when the process exits at once", () => {
  const script = `const { createLogger } = await import(${JSON.stringify(module)});
    const log = await createLogger({ level: "info", format: "auto" });
    for (let i = 0; i < 1000; i++) log.info({ i }, "line");
    process.exit(3);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.equal(status, 3);
  assert.equal(stdout, "");
  assert.equal(stderr.trim().split("\n").length, 1000);
});

test("JSON logging does not load the pretty printer", () => {
  const script = `const { registerHooks } = await import("node:module");
    registerHooks({ resolve(specifier, context, next) { if (specifier.includes("pino-pretty")) console.log("loaded"); return next(specifier, context); } });
    const { createLogger } = await import(${JSON.stringify(module)});
    (await createLogger({ level: "info", format: process.argv[1] })).info({}, "x");`;
  const run = (format: string) =>
    execFileSync(process.execPath, ["--input-type=module", "-e", script, format], { encoding: "utf8", stdio: "pipe" });
  assert.equal(run("json"), "");
  assert.match(run("text"), /loaded/);
});
