import type { LanguageModelV3Prompt } from "@ai-sdk/provider"
import type { Call, Earlier } from "./plan.ts"
import { historyOf, requestIn } from "./prompt.ts"
import type { Subject } from "./pronoun.ts"
import { nextStep } from "./steps.ts"
import { understand } from "./understand.ts"

/** Requests that are looked back upon: nobody says "it" of what was longer ago. */
const MAX_BACK = 20

/** What was spoken of and changed before the last request. Pure: the turns before are run again over what came of them. */
export function remember(before: LanguageModelV3Prompt, directory: string | undefined): Earlier {
  const starts = before.flatMap((message, index) => (requestIn(message) ? [index] : []))
  const changes: Call[] = historyOf(before)
    .filter(({ tool, outcome }) => /^(?:edit|write|bash)$/.test(tool) && !outcome.failed)
    .map(({ tool, input }) => ({ tool, input }))
  let subject: Subject = {}
  for (const [index, start] of [...starts.entries()].slice(-MAX_BACK)) {
    const asked = before[start]
    const history = historyOf(before.slice(start + 1, starts[index + 1]))
    const known = subject
    const step = nextStep({
      intents: understand(asked ? requestIn(asked) : ""),
      history,
      steps: 0,
      directory,
      tools: new Set(history.map(({ tool }) => tool)),
      earlier: () => ({ subject: known, changes: [] }),
    })
    if (step.type === "answer") subject = { ...subject, ...step.subject }
  }
  return { subject, changes }
}
