import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config"

/** What looks at its own process: its memory, its timers, the bytes it read and wrote. Only their own may be in it. */
const ALONE = [
  "packages/core/test/faults/held.test.ts",
  "packages/core/test/model/request-scale.test.ts",
  "packages/core/test/process/output.test.ts",
  "packages/core/test/session/record.test.ts",
  "packages/core/test/undo/snapshot.test.ts",
  "packages/core/test/workspace/files.test.ts",
  "packages/server/test/idle.test.ts",
  "packages/server/test/pty-ends.test.ts",
]

/** Files that run in a process of their own, or one after the other in the same. */
const files = (
  name: string,
  which: { include: string[]; exclude?: string[]; isolate: boolean },
): TestProjectInlineConfiguration => ({
  test: {
    name,
    ...which,
    setupFiles: ["scripts/test-draws.ts"],
    // What hangs is told in the end; until then a machine that has other things to do is given its time.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // A machine that stalls for a second must not fail a change; what fails twice is a fault.
    retry: process.env.CI ? 1 : 0,
  },
})

export default defineConfig({
  test: {
    globalSetup: ["scripts/test-setup.ts"],
    // Worlds start real processes and servers; two cores are the machine this must pass on. A third worker has something
    // to do while the others wait.
    maxWorkers: 3,
    projects: [
      files("alone", { include: ALONE, isolate: true }),
      // Modules keep no state, so that files can share them: loading them anew takes longer than most files do.
      files("together", {
        include: ["packages/*/test/**/*.test.ts", "scripts/*.test.ts"],
        exclude: [...ALONE, "**/node_modules/**"],
        isolate: false,
      }),
    ],
  },
})
