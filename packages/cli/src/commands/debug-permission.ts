import type { PermissionExplanation } from "@opencode/protocol/permission-explanation.ts"
import { dataOf, openDoor } from "../door.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

export interface DebugPermissionOptions {
  agent?: string
  session?: string
  format: "default" | "json"
}

/** What would become of a call, and which rule says so, one line for each pattern. */
export async function debugPermission(tool: string, text: string, options: DebugPermissionOptions): Promise<void> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const { agent, session: sessionID } = options
    const explained = dataOf(
      await door.client.permission.explain({
        tool,
        input: inputOf(text),
        ...(agent === undefined ? {} : { agent }),
        ...(sessionID === undefined ? {} : { sessionID }),
      }),
    ) as PermissionExplanation
    out.line(options.format === "json" ? JSON.stringify(explained, null, 2) : linesOf(explained).join("\n"))
  } finally {
    await door.close()
  }
}

/** A command may begin with a brace as well, and is no JSON then. */
function inputOf(text: string): string | Record<string, unknown> {
  if (!text.trimStart().startsWith("{")) return text
  try {
    const value: unknown = JSON.parse(text)
    return value && typeof value === "object" && !Array.isArray(value) ? { ...value } : text
  } catch {
    return text
  }
}

function linesOf({ action, tool, agent, offered, refusal, asks }: PermissionExplanation): string[] {
  return [
    `${action}: ${tool}, agent ${agent}`,
    ...(offered ? [] : ["  The model is not told of this tool: every use of it is denied."]),
    ...(refusal === undefined ? [] : [`  The tool refuses: ${refusal}`]),
    ...asks.flatMap((ask) => [
      ...ask.patterns.flatMap(({ pattern, action, reason }) => [
        `  ${action.padEnd(5)} ${ask.permission} ${JSON.stringify(pattern)}`,
        `        ${reason.text}`,
      ]),
      ...(ask.problems ?? []).map((problem) => `  Not understood: ${problem}.`),
      ...(ask.doubted ? ["  It asks, because it may be what a rule for some patterns is there for."] : []),
    ]),
  ]
}
