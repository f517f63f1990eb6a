import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    globalSetup: ["scripts/test-setup.ts"],
    setupFiles: ["scripts/test-draws.ts"],
    include: ["packages/*/test/**/*.test.ts", "scripts/*.test.ts"],
    // Worlds start real processes and servers; two cores are the machine this must pass on.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A machine that stalls for a second must not fail a change; what fails twice is a fault.
    retry: process.env.CI ? 1 : 0,
  },
})
