/** Ends the process quietly once nobody reads its output any more, as with `| head`. For commands that only print. */
export function endWithReader(): void {
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
