import type { IntentOf } from "./intent.ts"
import { failure } from "./look-plans.ts"
import { absolute, shellPath, shellWord, shown, type Plan, type PlanContext } from "./plan.ts"
import { block, plural, quoted, reason } from "./prose.ts"
import { commandIn, pathsIn, type Outcome } from "./results.ts"

const NOTHING: Outcome = { text: "", failed: true }

export function* create({ file, content, overwrite }: IntentOf<"create">, context: PlanContext): Plan {
  const filePath = absolute(file, context)
  const text = content === "" || content.endsWith("\n") ? content : `${content}\n`
  if (overwrite) {
    // Whoever overwrites has to have seen what is there. That there is nothing is fine.
    const [before = NOTHING] = yield { calls: [{ tool: "read", input: { filePath } }] }
    if (before.refused) return failure(`${quoted(file)} was not written`, before)
  }
  const [written = NOTHING] = yield { calls: [{ tool: "write", input: { filePath, content: text } }] }
  if (written.failed) {
    const exists = /exists/i.test(written.text) && !overwrite
    const hint = `\nSay "overwrite ${file} with …" or "append … to ${file}" if that is what you want.`
    return { text: `${quoted(file)} was not written: ${reason(written.text)}${exists ? hint : ""}`, stop: true }
  }
  const lines = text === "" ? "empty" : plural(text.split("\n").length - 1, "line")
  return { text: `${overwrite ? "Wrote" : "Created"} ${quoted(shown(filePath, context))} (${lines}).` }
}

export function* append({ file, content }: IntentOf<"append">, context: PlanContext): Plan {
  const filePath = absolute(file, context)
  // The shell adds without knowing the rest; the edit tool would have to quote the end, which may be in it twice.
  const command = `printf '%s\\n' ${shellWord(content)} >> ${shellPath(filePath)}`
  const [done = NOTHING] = yield {
    calls: [{ tool: "bash", input: { command, description: `Append a line to ${file}` } }],
  }
  const { code, output, note } = commandIn(done)
  if (done.failed) return failure(`Nothing was added to ${quoted(file)}`, done)
  if (code !== 0) return { text: `Nothing was added to ${quoted(file)}: ${reason(output || (note ?? ""))}`, stop: true }
  return { text: `Added ${plural(content.split("\n").length, "line")} to ${quoted(file)}.` }
}

export function* run({ command }: IntentOf<"run">): Plan {
  const [done = NOTHING] = yield {
    calls: [{ tool: "bash", input: { command, description: `Run ${command}`.slice(0, 80) } }],
  }
  if (done.failed) return failure(`${quoted(command)} did not run`, done)
  const { output, code, note } = commandIn(done)
  const said = output ? `\n${block(output.split("\n"), { keep: "end" })}` : " It printed nothing."
  if (code === 0) return { text: `${quoted(command)} succeeded.${said}` }
  const how = code === undefined ? `was stopped (${reason(note ?? "")})` : `failed with exit code ${code}`
  return { text: `${quoted(command)} ${how}.${said}`, stop: true }
}

/** Which program runs a file, by its ending. */
const RUNNERS: Record<string, string> = {
  js: "node",
  mjs: "node",
  cjs: "node",
  ts: "node",
  mts: "node",
  py: "python3",
  rb: "ruby",
  sh: "bash",
  bash: "bash",
  pl: "perl",
  php: "php",
  lua: "lua",
}

export function* execute({ file }: IntentOf<"execute">): Plan {
  const runner = RUNNERS[/\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase() ?? ""]
  if (!runner) {
    return { text: `I do not know which program runs ${quoted(file)}. Say "run" and the whole command.`, stop: true }
  }
  // A name that begins with a dash would be an option.
  const plain = /^[\w@%+=:,./][\w@%+=:,./-]*$/.test(file) ? file : shellPath(file.startsWith("-") ? `./${file}` : file)
  return yield* run({ type: "run", command: `${runner} ${plain}` })
}

/** How each kind of project is tested, built and checked. The first whose file is there decides. */
const PROJECTS: readonly { file: string; test: string; build: string; lint: string }[] = [
  { file: "package.json", test: "npm test", build: "npm run build", lint: "npm run lint" },
  { file: "Cargo.toml", test: "cargo test", build: "cargo build", lint: "cargo clippy" },
  { file: "go.mod", test: "go test ./...", build: "go build ./...", lint: "go vet ./..." },
  { file: "pyproject.toml", test: "pytest", build: "python -m build", lint: "ruff check" },
  { file: "Makefile", test: "make test", build: "make", lint: "make lint" },
]

export function* script({ script: kind }: IntentOf<"script">, context: PlanContext): Plan {
  const pattern = `{${PROJECTS.map(({ file }) => file).join(",")}}`
  const [found = NOTHING] = yield {
    say: "Looking at what kind of project this is.",
    calls: [{ tool: "glob", input: { pattern } }],
  }
  if (found.failed) return failure("The project could not be looked at", found)
  const names = pathsIn(found).paths.map((file) => shown(file, context))
  const project = PROJECTS.find(({ file }) => names.includes(file))
  if (!project) {
    return {
      text: `I do not see how to ${kind} this project. Say "run" and the command, as in "run make ${kind}".`,
      stop: true,
    }
  }
  return yield* run({ type: "run", command: project[kind] })
}

export function* changes(): Plan {
  const [status = NOTHING, diff = NOTHING] = yield {
    calls: [
      { tool: "bash", input: { command: "git status --short", description: "List changed files" } },
      { tool: "bash", input: { command: "git diff", description: "Show what changed" } },
    ],
  }
  if (status.failed) return failure("I could not ask git what changed", status)
  const files = commandIn(status)
  if (/not a git repository/i.test(files.output)) {
    return { text: "This folder is not in a git repository, so I cannot tell what changed." }
  }
  if (files.code !== 0) return { text: `git could not tell what changed: ${reason(files.output)}` }
  if (!files.output) return { text: "Nothing changed: every file is as in the last commit." }
  const lines = files.output.split("\n")
  const changed = diff.failed ? "" : commandIn(diff).output
  const details = changed ? `\n${block(changed.split("\n"), { language: "diff" })}` : ""
  return { text: `${plural(lines.length, "file")} changed since the last commit:\n${block(lines)}${details}` }
}
