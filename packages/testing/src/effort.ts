/** `npm run test:long` looks for what is rare; the ordinary run proves that the machinery holds. */
export const isLong = process.env.OPENCODE_TEST_LONG === "1"

/**
 * Milliseconds of the processor that something took in this process, its threads included. A busy machine makes
 * everything take longer and hardly changes this.
 */
export async function cpuMs(act: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
