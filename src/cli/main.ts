/** The `tributary` command behind `bin/tributary.js`: names the commands and runs the one that is asked for. */
import { buildProgram } from "./program.ts";

await buildProgram().parseAsync();
