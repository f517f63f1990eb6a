import { clip } from "../../lib/text.ts"
import { stepsOf } from "./explain.ts"
import type { IntentOf } from "./intent.ts"
import type { Plan, PlanContext, Report } from "./plan.ts"
import { bullets, quoted } from "./prose.ts"

/** Entries of a list, and characters of one: what a person reads, and what the tool takes. */
const MAX_TODOS = 50
const MAX_TODO = 300
/** Earlier calls that are named when somebody wants to take them back. */
const MAX_EARLIER = 20

export function explain({ intents }: IntentOf<"explain">): Report {
  const steps = intents.map((intent, index) => `${index + 1}. ${stepsOf(intent)}`)
  return {
    text: `I did nothing. Asked to, I would, in this order:\n\n${steps.join("\n")}\n\nEach call needs its permission, and a no ends it.`,
  }
}

export function* todo({ items }: IntentOf<"todo">): Plan {
  const kept = items.slice(0, MAX_TODOS).map((item) => clip(item.replaceAll(/\s+/g, " "), MAX_TODO))
  if (kept.length === 0) return { text: "There is nothing to put on the list." }
  const todos = kept.map((content) => ({ content, status: "pending", priority: "medium" }))
  const [done] = yield { calls: [{ tool: "todowrite", input: { todos } }] }
  const list = kept.map((item) => `- [ ] ${item}`).join("\n")
  const left = items.length > kept.length ? `\n(${items.length - kept.length} more were left out.)` : ""
  const what =
    done && !done.failed
      ? "The list of what is to be done:"
      : "A list of what is to be done; it is kept nowhere but here:"
  return {
    text: `${what}\n\n${list}${left}\n\nNothing of it is done. Say the requests themselves to have them carried out.`,
  }
}

/** The program keeps no copies: what there is to say is what happened, and how git takes it back. */
export function undo(context: PlanContext): Report {
  const changes = context.earlier?.().changes ?? []
  const files = new Set<string>()
  const rows = changes.slice(-MAX_EARLIER).map(({ tool, input }) => {
    if (tool === "bash") return `ran ${quoted(String(input["command"] ?? ""))}`
    files.add(String(input["filePath"] ?? ""))
    return `${tool === "write" ? "wrote" : "edited"} ${quoted(String(input["filePath"] ?? ""))}`
  })
  const happened = rows.length
    ? `In this conversation I changed something by these calls:\n${bullets([...new Set(rows)])}`
    : "In this conversation I changed nothing so far."
  return {
    text: `I cannot take anything back: I keep no copies, and have called nothing now.\n\n${happened}\n\nIn a git repository \`git status\` and \`git diff\` show what is different from the last commit; \`git restore -- <file>\` brings a file back as it was there, and all else that was not committed in it is lost. What was moved is moved back by "move <new> to <old>"; what was created goes with "delete <file>".`,
  }
}
