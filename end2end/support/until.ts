// Waiting on a condition that is not on a page.

/// Between two looks.
const LOOK_AGAIN_MS = 50;

/// Looks until `look` returns something true, and returns it. Fails with `what` after `withinMs`.
export async function until<T>(what: string, look: () => T | Promise<T>, withinMs = 15_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found) return found as NonNullable<T>;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
