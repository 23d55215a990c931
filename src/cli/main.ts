#!/usr/bin/env node
/** The `tributary` command: names the commands and their options; each command is a file of its own. */
import { enableCompileCache } from "node:module";

// Compiled code is kept between runs, so that a restart listens sooner. Silently off where no folder is writable.
enableCompileCache();

const { buildProgram } = await import("./program.ts");
await buildProgram().parseAsync();
