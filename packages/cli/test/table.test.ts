import { installation } from "@opencode/testing/command.ts"
import { expect, test } from "vitest"
import { says, modelScript } from "./shared.ts"

test("the help names every group and command, and what each command takes", async () => {
  await using at = installation()
  const { stdout, stderr, code } = await at.run(["--help"])
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 })
  for (const group of ["Work", "Sessions", "Models and keys", "Settings", "Upkeep", "Examples", "With every command"])
    expect(stdout).toContain(`\n${group}:\n`)
  expect(stdout).not.toContain("__complete")
  const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?:\||\s)/gm)].flatMap(([, name]) => name ?? [])
  expect(commands).toContain("storage")
  for (const name of commands.filter((one) => !["opencode", "project", "help"].includes(one))) {
    const help = await at.run([name, "--help"])
    expect(help).toMatchObject({ stderr: "", code: 0 })
    expect(help.stdout).toContain(`Usage: opencode ${name}`)
    expect(help.stdout).toContain("--print-logs")
  }
}, 120_000)

test("`--version` behind a command prints the version, and the command does not run", async () => {
  await using at = installation()
  const version = await at.run(["--version"])
  expect(version).toMatchObject({ stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "", code: 0 })
  for (const args of [
    ["run", "hi", "--version"],
    ["session", "-v"],
    ["session", "list", "-v"],
  ])
    expect(await at.run(args)).toEqual(version)
})

test("`help` says what `--help` says", async () => {
  await using at = installation()
  expect(await at.run(["help"])).toEqual(await at.run(["--help"]))
  expect(await at.run(["help", "stats"])).toEqual(await at.run(["stats", "--help"]))
})

test.each([
  [["constructor"], "error: unknown command 'constructor'.\n"],
  [["sesion", "list"], "error: unknown command 'sesion'. Did you mean session?\n"],
  [["session", "lsit"], "error: unknown command 'lsit'\n(Did you mean list?)\n"],
  [["debug", "rg", "file"], "error: unknown command 'file'\n(Did you mean files?)\n"],
  [["session", "list", "--max-cout", "1"], "error: unknown option '--max-cout'\n(Did you mean --max-count?)\n"],
  [
    ["session", "list", "--format", "jsn"],
    "error: option '--format <format>' argument 'jsn' is invalid. Allowed choices are table, json. Did you mean json?\n",
  ],
  [
    ["models", "--log-level", "DEBU"],
    "error: option '--log-level <level>' argument 'DEBU' is invalid. Allowed choices are DEBUG, INFO, WARN, ERROR. Did you mean DEBUG?\n",
  ],
  [
    ["completion", "fihs"],
    "error: command-argument value 'fihs' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish. Did you mean fish?\n",
  ],
  [["sesion", "--help"], "error: unknown command 'sesion'. Did you mean session?\n"],
  [["help", "sesion"], "error: unknown command 'sesion'. Did you mean session?\n"],
  [["debug", "confg", "--help"], "error: unknown command 'confg'. Did you mean config?\n"],
  [["storage", "claen"], "error: unknown command 'claen'. Did you mean clean?\n"],
  [["mcp", "list"], "error: 'mcp' is a command of OpenCode that is not part of this version yet.\n"],
  [["plugin", "--help"], "error: 'plugin' is a command of OpenCode that is not part of this version yet.\n"],
  [["export", "ses_1", "ses_2"], "error: too many arguments for 'export'. Expected 1 argument but got 2.\n"],
])("%j is answered with what was meant", async (args, stderr) => {
  await using at = installation()
  expect(await at.run(args)).toEqual({ stdout: "", stderr, code: 1 })
})

test.each([
  [["--print-logs", "--log-level", "DEBUG", "run", "hello"]],
  [["run", "hello", "--print-logs", "--log-level=DEBUG"]],
])("what holds for every command is taken before it and behind it: %j", async (args) => {
  await using at = await modelScript([says("hi")])
  const { stdout, stderr, code } = await at.run(args)
  expect({ stdout, code }).toEqual({ stdout: "hi\n", code: 0 })
  expect(stderr).toContain('"level":"INFO"')
})

test.each([[["-c"]], [["--port", "0", "--mini"]], [["."]], [["--session", "ses_1", "--fork"]]])(
  "without a command, %j hears that there is no screen yet, with the help",
  async (args) => {
    await using at = installation()
    const { stdout, stderr, code } = await at.run(args)
    expect({ stdout, code }).toEqual({ stdout: "", code: 1 })
    expect(stderr).toMatch(/^The terminal screen is not part of this version yet\..*\n\nUsage: opencode /)
  },
)
