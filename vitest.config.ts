import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    globalSetup: ["scripts/test-setup.ts"],
    setupFiles: ["scripts/test-draws.ts"],
    include: ["packages/*/test/**/*.test.ts", "scripts/*.test.ts"],
    // Worlds start real processes and servers; two cores are the machine this must pass on.
    maxWorkers: 2,
    // What hangs is told in the end; until then a machine that has other things to do is given its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // A machine that stalls for a second must not fail a change; what fails twice is a fault.
    retry: process.env.CI ? 1 : 0,
  },
})
