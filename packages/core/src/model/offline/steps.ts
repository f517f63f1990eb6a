import { append, changes, create, execute, run, script } from "./change-plans.ts"
import { compare, lines, outline, tree } from "./examine-plans.ts"
import { nameOf } from "./explain.ts"
import { makeFolder, move, remove } from "./file-plans.ts"
import type { Intent } from "./intent.ts"
import { define, find, list, read, search } from "./look-plans.ts"
import { explain, todo, undo } from "./meta-plans.ts"
import { isKept, type Batch, type Call, type Plan, type PlanContext, type Report } from "./plan.ts"
import { resolve, subjectOf, unresolved, type Subject } from "./pronoun.ts"
import { CONNECT, HELP, quoted } from "./prose.ts"
import { createRepeats } from "./repeat.ts"
import { rename } from "./rename.ts"
import { replace } from "./replace.ts"
import type { Outcome } from "./results.ts"
import { notUnderstood } from "./unknown.ts"

/** Answers in one turn. The longest plan that makes sense needs fewer; more would be going in circles. */
export const MAX_STEPS = 40

export interface StepInput extends PlanContext {
  intents: readonly Intent[]
  /** The calls since the request and what came back, in order. */
  history: readonly { tool: string; outcome: Outcome }[]
  /** Names of the tools that may be called now. */
  tools: ReadonlySet<string>
  /** Answers given since the request. */
  steps: number
}

export type Step = ({ type: "calls" } & Batch) | { type: "answer"; text: string; subject?: Subject }

/**
 * The next answer, from the requests and what came of the calls so far. Pure, and keeps nothing: the plans are run again
 * from their start, and what history does not answer yet is the next step.
 */
export function nextStep(input: StepInput): Step {
  const history = [...input.history]
  const repeats = createRepeats(input.directory)
  const reports: string[] = []
  const avoid = input.intents.flatMap((intent) => (intent.type === "avoid" ? intent.names : []))
  const context = avoid.length ? { ...input, avoid } : input
  let subject: Subject | undefined
  for (const [index, said] of input.intents.entries()) {
    // What was said before is looked up when a word stands for it, not before.
    if (unresolved(said) !== undefined) subject = { ...input.earlier?.().subject, ...subject }
    const intent = resolve(said, subject ?? {})
    const plan = obstacleTo(intent, context) ?? planFor(intent, context)
    const result = "next" in plan ? advance(plan, history, input, repeats) : plan
    if ("calls" in result) return { type: "calls", ...result }
    if (result.text) reports.push(result.text)
    subject = { ...subject, ...subjectOf(intent), ...result.subject }
    const left = input.intents.slice(index + 1)
    if (result.stop && left.length) {
      reports.push(`I stopped there and did not ${left.map(nameOf).join(", nor ")}.`)
      break
    }
  }
  if (avoid.length && reports.length)
    reports.push(`Left alone, as you said: ${avoid.map((name) => quoted(name)).join(", ")}.`)
  return { type: "answer", text: reports.join("\n\n") || NOTHING_TO_DO, ...(subject ? { subject } : {}) }
}

const NOTHING_TO_DO =
  "All right; there was nothing else to do. I keep nothing in mind from one prompt to the next: say it together with what is to be done."

/** Why a request is not begun. */
function obstacleTo(intent: Intent, context: PlanContext): Report | undefined {
  const word = unresolved(intent)
  if (word !== undefined) return { text: `I do not know what ${quoted(word)} stands for. Name it.`, stop: true }
  if (context.avoid === undefined) return undefined
  // A command does what it does.
  if (intent.type === "run" || intent.type === "script" || intent.type === "execute") {
    const names = context.avoid.map((name) => quoted(name)).join(", ")
    return {
      text: `I cannot make sure that a command leaves ${names} alone, so I did not ${nameOf(intent)}.`,
      stop: true,
    }
  }
  const files = "file" in intent ? [intent.file] : []
  const kept = [...files, ...("scope" in intent && intent.scope.file ? [intent.scope.file] : [])].find((file) =>
    isKept(file, context),
  )
  return kept === undefined
    ? undefined
    : { text: `I did not ${nameOf(intent)}: you said to leave ${quoted(kept)} alone.`, stop: true }
}

/** Runs a plan over the outcomes that are there. Takes them out of `history`. */
function advance(
  plan: Plan,
  history: StepInput["history"][number][],
  input: StepInput,
  repeats: ReturnType<typeof createRepeats>,
): Batch | Report {
  let state = plan.next()
  while (!state.done) {
    const calls = repeats.next(state.value.calls)
    const why = obstacle(calls, input)
    // What could not be called is not in history; what is there belongs to a later call.
    const isSkipped = why !== undefined && history[0]?.tool !== calls[0]?.tool
    const known = isSkipped ? [] : history.splice(0, calls.length)
    if (known.length < calls.length) {
      if (why === undefined && known.length === 0) return { ...state.value, calls }
      // Only part of a step is in history: it was cut off, and going on from here would repeat calls.
      known.length = 0
      known.push(...calls.map(({ tool }) => ({ tool, outcome: refused(why ?? "The calls were interrupted.") })))
    }
    state = plan.next(calls.map(({ tool }, index) => matching(tool, known[index])))
  }
  return state.value
}

/** A history that does not fit was changed by somebody: to act on it would be to act on something else. */
const matching = (tool: string, entry: StepInput["history"][number] | undefined): Outcome =>
  entry?.tool === tool ? entry.outcome : refused("The history of this turn is not what I would have done.")

const refused = (text: string): Outcome => ({ text, failed: true, refused: true })

function obstacle(calls: readonly Call[], { tools, steps }: StepInput): string | undefined {
  if (steps >= MAX_STEPS - 1) return `The limit of ${MAX_STEPS} steps is reached.`
  if (tools.size === 0) return "No tools may be used now."
  const missing = calls.find(({ tool }) => !tools.has(tool))
  return missing && `The tool ${missing.tool} is not offered here.`
}

/** A plan, or what there is to say without one. */
function planFor(intent: Intent, context: PlanContext): Plan | Report {
  switch (intent.type) {
    case "list":
      return list(intent, context)
    case "find":
      return find(intent, context)
    case "search":
      return search(intent, context)
    case "define":
      return define(intent, context)
    case "read":
      return read(intent, context)
    case "tree":
      return tree(intent, context)
    case "outline":
      return outline(intent, context)
    case "lines":
      return lines(intent, context)
    case "compare":
      return compare(intent)
    case "replace":
      return replace(intent, context)
    case "rename":
      return rename(intent, context)
    case "move":
      return move(intent, context)
    case "delete":
      return remove(intent, context)
    case "mkdir":
      return makeFolder(intent, context)
    case "execute":
      return execute(intent)
    case "undo":
      return undo(context)
    case "todo":
      return todo(intent)
    case "explain":
      return explain(intent)
    case "avoid":
      return { text: "" }
    case "refrain":
      return { text: `As you said, I did not ${intent.text}.` }
    case "create":
      return create(intent, context)
    case "append":
      return append(intent, context)
    case "run":
      return run(intent)
    case "script":
      return script(intent, context)
    case "changes":
      return changes()
    case "help":
      return { text: `${HELP}\n\n${CONNECT}` }
    case "thanks":
      return { text: "You are welcome." }
    case "unknown":
      return {
        text: `I do not understand ${quoted(intent.text)}. ${notUnderstood(intent.text)}\n\n${HELP}\n\n${CONNECT}`,
        stop: true,
      }
  }
}
