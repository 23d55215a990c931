import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** Resolves when more may be written, or nobody reads any more. */
export async function drained(response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  const abort = () => gone.abort();
  response.once("close", abort);
  if (!response.destroyed) await once(response, "drain", { signal: gone.signal }).catch(() => {});
  response.off("close", abort);
}
