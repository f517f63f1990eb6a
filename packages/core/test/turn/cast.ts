import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { callsMany, type CallSpec, type Reply } from "@opencode/testing/script.ts"
import type { World } from "@opencode/testing/world.ts"

/** A call that gives a subagent a task. */
export const task = (prompt: string, more: Record<string, unknown> = {}): CallSpec => ({
  name: "task",
  input: { description: "a part", prompt, subagent_type: "general", ...more },
})

export const starts = (...tasks: CallSpec[]): Reply => callsMany(tasks)

/** What a conversation began with: tells the requests of subagents apart. */
export const beginningOf = ({ messages }: HeardRequest): string =>
  messages.find(({ role }) => role === "user")?.text ?? ""

/** A script for the session that a person talks to, and one for each subagent by the beginning of its prompt. */
export function cast(root: Reply[], children: Record<string, Reply[]>): (request: HeardRequest) => Reply {
  return (request) => {
    const first = beginningOf(request)
    const name = Object.keys(children).find((prompt) => first.startsWith(prompt))
    const reply = (name === undefined ? root : children[name])?.shift()
    if (!reply) throw new Error(`Nothing is foreseen for request ${request.number}: ${first}`)
    return reply
  }
}

export const childrenOf = async (w: World): Promise<Session[]> => w.engine.children.list((await w.session()).id)

export const textOf = (parts: Part[]): string =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n")

/** How the newest run of the first subagent stands on record. */
export async function firstRun(w: World): Promise<ReturnType<World["home"]["store"]["children"]["latest"]>> {
  const [child] = await childrenOf(w)
  return w.home.store.children.latest(child?.id ?? "")
}
