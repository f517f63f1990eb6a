import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

const COMMAND = fileURLToPath(new URL("../bin/opencode.mjs", import.meta.url))
/** A shell that never answers must not hold the run up. */
const DEADLINE_MS = 60_000

const isThere = (shell: string): boolean => spawnSync(shell, ["-c", "exit"]).status === 0

type Shell = "bash" | "zsh" | "fish"

/** What a real shell prints for these lines. `$SCRIPT` is our completion for it, and `opencode` our command. */
async function inShell(shell: Shell, lines: string): Promise<string> {
  await using at = await modelScript([])
  at.folder.write({
    "project/one.txt": "",
    "project/below/.keep": "",
    "bin/opencode": `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`,
    "functions/_opencode": (await at.run(["completion", shell])).stdout,
    lines,
  })
  chmodSync(at.folder.join("bin/opencode"), 0o755)
  await at.run(["session", "list"])
  const plain = { bash: ["--norc"], zsh: ["-f"], fish: ["--no-config"] }[shell]
  return execFileSync(shell, [...plain, at.folder.join("lines")], {
    cwd: at.project,
    env: {
      ...at.env,
      PATH: `${at.folder.join("bin")}:${at.env.PATH}`,
      SCRIPT: at.folder.join("functions/_opencode"),
      FUNCTIONS: at.folder.join("functions"),
      TERM: "xterm",
    },
    encoding: "utf8",
    timeout: DEADLINE_MS,
  })
}

test(
  "a real bash completes commands, options, their values and what only the program knows",
  async () => {
    const typed = [
      "opencode sess",
      "opencode session li",
      "opencode run --form",
      "opencode run -m mo",
      "opencode help se",
    ]
    const asked = typed.map((line) => `complete_line ${JSON.stringify(line)}`).join("\n")
    const printed = await inShell(
      "bash",
      `source "$SCRIPT"
complete_line() { COMP_LINE=$1 COMP_POINT=\${#1} COMPREPLY=(); _opencode opencode; echo "\${COMPREPLY[*]}"; }
${asked}
complete_line "opencode run --model=mo"
complete -p opencode`,
    )
    expect(printed).toBe(
      "session\nlist\n--format\nmock/large\nserve session\nmock/large\ncomplete -F _opencode opencode\n",
    )
  },
  DEADLINE_MS,
)

test.skipIf(!isThere("fish"))(
  "a real fish completes the same, and files and folders behind `=` too",
  async () => {
    const typed = ["sess", "run -m mo", "run --model=mo", "run -f on", "run --file=on", "run --dir=be", "help sess"]
    const asked = typed.map((line) => `complete -C "opencode ${line}" | string replace -r '\\t.*' ''`).join("\n")
    expect(await inShell("fish", `source $SCRIPT\n${asked}`)).toBe(
      "session\nmock/large\n--model=mock/large\none.txt\n--file=one.txt\n--dir=below/\nsession\n",
    )
  },
  DEADLINE_MS,
)

const CTRL_U = "\\x15"

test.skipIf(!isThere("zsh"))(
  "a real zsh completes at the keys, and files and folders behind `=` too",
  async () => {
    const ends = {
      "opencode sess": "ion",
      "opencode run -m mo": "ck/large",
      "opencode run --model=mo": "ck/large",
      "opencode run -f on": "e.txt",
      "opencode run --file=on": "e.txt",
      "opencode run --dir=be": "low",
      "opencode help sess": "ion",
    }
    const pressed = Object.entries(ends).map(
      ([line, end]) => `zpty -w -n z $'${line}\\t'; zpty -r z out '*${end}*'; print ${end}; zpty -w -n z $'${CTRL_U}'`,
    )
    const ready = `zpty z 'zsh -f -i'
zpty -w z 'PS1=; fpath=($FUNCTIONS $fpath); autoload -U compinit; compinit -u -D; bindkey "^I" complete-word; echo re""ady'
zpty -r z out '*ready*'`
    expect(await inShell("zsh", ["zmodload zsh/zpty", ready, ...pressed].join("\n"))).toBe(
      Object.values(ends)
        .map((end) => `${end}\n`)
        .join(""),
    )
  },
  DEADLINE_MS,
)
