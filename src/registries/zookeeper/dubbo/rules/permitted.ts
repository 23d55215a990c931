import type { Problem } from "../../../contract.ts";
import { RequestFailed } from "../../connection/client.ts";
import { noAuth } from "../../connection/protocol/error-name.ts";

/** In place of what may not be read. */
export const refused = Symbol("no permission");

/** Reads what nobody has to let us read: where it is refused that is said, and costs nothing else. */
export async function permitted<T>(
  path: string,
  report: (problem: Problem) => void,
  read: (path: string) => Promise<T>,
): Promise<T | typeof refused> {
  try {
    return await read(path);
  } catch (error) {
    if (!(error instanceof RequestFailed) || error.code !== noAuth) throw error;
    report({ code: "no-permission", where: path, message: error.message });
    return refused;
  }
}
