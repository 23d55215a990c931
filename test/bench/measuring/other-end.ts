/** The other end of a `Conversation`, in the process that it started. @returns says a message */
export function otherEnd<To, From>(heard: (message: To) => void): (message: From) => void {
  process.on("message", heard);
  // Whoever started it is gone.
  process.on("disconnect", () => process.exit());
  // A word that comes too late for that is for nobody.
  return (message) => void process.send?.(message, () => {});
}
