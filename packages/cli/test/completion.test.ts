import { existsSync } from "node:fs"
import { installation } from "@opencode/testing/command.ts"
import { Command, Option } from "commander"
import { expect, test } from "vitest"
import { complete } from "../src/completion/complete.ts"
import { finish } from "../src/table/finish.ts"

function table(): Command {
  const program = new Command("opencode").exitOverride().argument("[project]")
  program
    .command("run")
    .argument("[message...]")
    .option("-m, --model <model>", "model to use")
    .option("-f, --file <path>", "file", (value: string, all: string[]) => [...all, value], [])
    .addOption(new Option("--format <format>", "how").choices(["default", "json"]))
    .addOption(new Option("--secret").hideHelp())
  const session = program.command("session").alias("chat")
  session.command("show").argument("[id]")
  session.command("list")
  program.command("completion").argument("[shell]")
  program.command("__complete", { hidden: true })
  finish(program)
  return program
}

const values = (words: string[]): string[] | string => {
  const found = complete(table(), words)
  return "candidates" in found ? found.candidates.map(({ value }) => value) : `${found.prefix}:${found.source}`
}

test.each<[string[], string[] | string]>([
  [[], ["run", "session", "chat", "completion", "help"]],
  [["r"], ["run"]],
  [["__"], ":folders"],
  [["--p"], ["--print-logs", "--pure"]],
  [
    ["--log-level", ""],
    ["DEBUG", "INFO", "WARN", "ERROR"],
  ],
  [["--pure", "ses"], ["session"]],
  [
    ["session", ""],
    ["show", "list"],
  ],
  [["chat", "l"], ["list"]],
  [["session", "show", "ses"], ":sessions"],
  [["session", "show", "ses_1", ""], []],
  [["run", "--fo"], ["--format"]],
  [["run", "--s"], []],
  [["run", "--format", "j"], ["json"]],
  [["run", "--format=j"], ["--format=json"]],
  [["run", "--format", "json", "--fo"], []],
  [["run", "--file", "a", "--fi"], ["--file"]],
  [["run", "-m", ""], ":models"],
  [["run", "--model=off"], "--model=:models"],
  [["run", "-f", ""], ":files"],
  [["run", "some", "words"], []],
  [["run", "--", "--fo"], []],
  [["help", "se"], ["session"]],
  [["help", "session", ""], []],
  [["run", "session"], []],
  [["nothing", "known"], []],
])("after %j comes %j", (words, expected) => {
  expect(values(words)).toEqual(expected)
})

test("the script is the one of the shell that asks, else the one that is named", async () => {
  await using at = installation()
  const script = async (args: string[], shell: string) =>
    (await at.run(["completion", ...args], { env: { SHELL: shell } })).stdout
  expect(await script([], "/usr/bin/zsh")).toMatch(/^#compdef opencode\n/)
  expect(await script([], "/bin/ksh")).toContain("complete -F _opencode opencode")
  expect(await script(["fish"], "/bin/bash")).toContain("complete -c opencode")
})

test("a name that a shell would run is not completed, whatever a project calls its agents", async () => {
  const names = [
    "plain-1",
    "$(touch${IFS}x)",
    "`id`",
    ";id;",
    "a|b",
    "a>b",
    "a'b",
    'a"b',
    "--auto",
    "a\\b",
    "a&b",
    "a*",
  ]
  const files = Object.fromEntries(
    names.flatMap((name) => [
      [`.opencode/agent/${name}.md`, "---\ndescription: one\nmode: primary\n---\nbe good"],
      [`.opencode/command/${name}.md`, "---\ndescription: one\n---\nbe good"],
    ]),
  )
  await using at = installation({ files })
  expect((await at.run(["session", "list"])).code).toBe(0)
  const told = async (words: string[]) =>
    (await at.run(["__complete", "--", ...words])).stdout
      .split("\n")
      .flatMap((line) => line.split("\t")[0] || [])
      .filter((name) => !/^[a-z-]+$/.test(name) || name.startsWith("-"))
  expect(await told(["run", "--agent", ""])).toEqual(["plain-1"])
  expect(await told(["run", "--command", ""])).toEqual(["plain-1"])
  expect(await told(["run", "--agent=$"])).toEqual([])
})

test("a tab begins nothing: no folder is made to find out that there are no sessions", async () => {
  await using at = installation()
  expect(await at.run(["__complete", "--", "session", "show", ""])).toEqual({ stdout: "", stderr: "", code: 0 })
  expect(existsSync(at.folder.join("data"))).toBe(false)
})
