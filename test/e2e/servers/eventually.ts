/**
 * Waits until `check` holds: until it returns something other than undefined, null or false and
 * does not throw. For servers that cannot tell by an event.
 *
 * @param what named in the error, beside what the last attempt said
 * @param options.within ms until the error, default 30 s
 * @param options.every ms between attempts, default 100
 */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  options: { within?: number; every?: number; unless?: () => string | undefined } = {},
): Promise<Exclude<T, undefined | null | false>> {
  const { within = 30_000, every = 100, unless } = options;
  const deadline = performance.now() + within;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) return value as Exclude<T, undefined | null | false>;
      last = `got ${String(value)}`;
    } catch (error) {
      last = error;
    }
    const hopeless = unless?.();
    if (hopeless !== undefined) throw new Error(`${what}: ${hopeless}`);
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
