import { asList, asRecord, asText, type Json } from "../model/wire/json.ts"

/** How arguments are called there, and how here. */
const MEMBERS: Record<string, string> = {
  file_path: "filePath",
  old_string: "oldString",
  new_string: "newString",
  replace_all: "replaceAll",
  glob: "include",
}

const TOOLS: Record<string, string> = {
  Bash: "bash",
  Read: "read",
  Edit: "edit",
  Write: "write",
  Grep: "grep",
  Glob: "glob",
  Task: "task",
  Agent: "task",
  WebFetch: "webfetch",
  WebSearch: "websearch",
  TodoWrite: "todowrite",
  shell: "bash",
  exec_command: "bash",
  shell_command: "bash",
  local_shell: "bash",
  apply_patch: "apply_patch",
  update_plan: "todowrite",
}

export interface OurCall {
  tool: string
  input: Json
}

/**
 * A call of another program in the words of this one, so that screens show it and models know it again. Pure. A tool that
 * nobody here has keeps its name and arguments.
 */
export function ourCall(name: string, input: Json): OurCall {
  const tool = Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined
  if (tool === undefined) return { tool: name, input }
  if (name === "update_plan") return { tool, input: planned(input) }
  if (tool === "apply_patch") return { tool, input: { patchText: input.patchText ?? input.input ?? input.patch ?? "" } }
  if (tool === "bash") return { tool, input: commanded(input) }
  const renamed = Object.entries(input).map(([key, value]) => [Object.hasOwn(MEMBERS, key) ? MEMBERS[key] : key, value])
  return { tool, input: Object.fromEntries(renamed) as Json }
}

/** A command came as a text, or as a list of which the last is what a shell was to run. */
function commanded({ command, cmd, ...rest }: Json): Json {
  const given = command ?? cmd
  const words = asList(given).flatMap((word) => asText(word) ?? [])
  const isShell = words.length === 3 && /^-\w*c$/.test(words[1] ?? "")
  return { command: asText(given) ?? (isShell ? words[2] : words.join(" ")) ?? "", ...rest }
}

const planned = ({ plan }: Json): Json => ({
  todos: asList(plan).flatMap((one) => {
    const { step, status } = asRecord(one) ?? {}
    return asText(step) === undefined
      ? []
      : [{ content: step, status: asText(status) ?? "pending", priority: "medium" }]
  }),
})
