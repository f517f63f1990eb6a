import { execFile } from "node:child_process"
import { chmodSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { installation, type Installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"

/** Real shells at a terminal, with the script that the command prints: what is typed, a tab, and what then stands there. */
const BIN = fileURLToPath(new URL("../packages/cli/bin/opencode.mjs", import.meta.url))
const run = promisify(execFile)

const SHELLS = {
  bash: ["bash --noprofile --norc", "PS1='> '", "source $SCRIPTS/bash"],
  zsh: ["zsh -f", "PS1='> '; unsetopt beep; autoload -Uz compinit; compinit -u -D", "source $SCRIPTS/zsh"],
  // What it would suggest by itself must not look like what a tab brought.
  fish: [
    "fish --no-config",
    "set -g fish_autosuggestion_enabled 0; function fish_prompt; echo '> '; end",
    "source $SCRIPTS/fish",
  ],
} as const
type Shell = keyof typeof SHELLS

interface Terminal extends AsyncDisposable {
  /** Types on an empty line, and resolves with the line once it is something else. */
  typed(keys: string): Promise<string>
}

async function open(shell: Shell, at: Installation): Promise<Terminal> {
  at.folder.write({ "bin/opencode": `#!/bin/sh\nexec ${process.execPath} ${BIN} "$@"\n` })
  chmodSync(at.folder.join("bin/opencode"), 0o755)
  at.folder.write({ [`scripts/${shell}`]: (await at.run(["completion", shell])).stdout })
  const env = {
    ...at.env,
    PATH: `${at.folder.join("bin")}:${at.env.PATH}`,
    SCRIPTS: at.folder.join("scripts"),
    TERM: "screen",
    LC_ALL: "C.UTF-8",
  }
  const tmux = async (...args: string[]): Promise<string> =>
    (await run("tmux", ["-S", at.folder.join("tmux"), "-f", "/dev/null", ...args], { env, cwd: at.project })).stdout
  const [start, ...first] = SHELLS[shell]
  await tmux("new-session", "-d", "-x", "160", "-y", "50", start)
  const screen = (): Promise<string> => tmux("capture-pane", "-p")
  const send = (...keys: string[]): Promise<string> => tmux("send-keys", ...keys)
  for (const line of [...first, "echo rea''dy"]) await send("-l", `${line}\n`)
  await expect.poll(screen).toMatch(/^ready$/m)
  return {
    async typed(keys) {
      await send("C-u")
      await send("C-l")
      await expect.poll(screen).toMatch(/^>\s*$/)
      await send("-l", keys)
      await send("Tab")
      const line = async (): Promise<string> => ((await screen()).split("\n")[0] ?? "").replace(/^>\s*/, "").trimEnd()
      // The terminal shows what is typed letter by letter, and so what is completed.
      const seen = { line: "" }
      const isSettled = async (): Promise<boolean> => {
        const before = seen.line
        seen.line = await line()
        return seen.line === before && !keys.startsWith(seen.line)
      }
      await expect.poll(isSettled).toBe(true)
      return seen.line
    },
    async [Symbol.asyncDispose]() {
      await tmux("kill-server")
    },
  }
}

test.each(Object.keys(SHELLS) as Shell[])("%s completes commands, options, values, names and files", async (shell) => {
  await using at = installation({ files: { "notes.txt": "one line" } })
  await at.run(["run", "-m", "offline/rules", "list the files"])
  const [session] = JSON.parse((await at.run(["session", "list", "--format", "json"])).stdout) as { id: string }[]
  await using terminal = await open(shell, at)

  expect(await terminal.typed("opencode sess")).toBe("opencode session")
  expect(await terminal.typed("opencode session list --fo")).toBe("opencode session list --format")
  expect(await terminal.typed("opencode session list --format t")).toBe("opencode session list --format table")
  expect(await terminal.typed("opencode serve --log-level=DE")).toBe("opencode serve --log-level=DEBUG")
  expect(await terminal.typed("opencode session show s")).toBe(`opencode session show ${session?.id}`)
  expect(await terminal.typed("opencode run -m offline/")).toBe("opencode run -m offline/rules")
  expect(await terminal.typed("opencode run --agent pla")).toBe("opencode run --agent plan")
  expect(await terminal.typed("opencode run -f not")).toBe("opencode run -f notes.txt")
})
