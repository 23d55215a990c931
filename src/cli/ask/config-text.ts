/** A configuration, or an excerpt of one, that a command is given and a server is asked about. */
import { readBoundedFile } from "../../config/files/bounded-file.ts";
import { maxConfigBytes } from "../../config/load.ts";
import { TributaryError } from "../../errors/tributary-error.ts";

/** @throws TributaryError CONFIG_UNREADABLE */
export function readConfigText(file: string): { readonly config: string; readonly fileName: string } {
  try {
    return { config: readBoundedFile(file, maxConfigBytes), fileName: file };
  } catch (cause) {
    throw new TributaryError("CONFIG_UNREADABLE", `cannot be read: ${(cause as Error).message}`, {
      position: { file },
      cause,
    });
  }
}
