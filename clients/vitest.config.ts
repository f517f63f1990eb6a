import { defineConfig } from "vitest/config"

/** The tests that need the programs of this folder: `npm run test:clients`, which installs them first. */
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["scripts/test-setup.ts"],
    include: ["clients/*.test.ts"],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    retry: process.env.CI ? 1 : 0,
  },
})
