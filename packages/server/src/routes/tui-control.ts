import { inline } from "@opencode/protocol/schema.ts"
import { TuiRequest } from "@opencode/protocol/tui.ts"
import { z } from "zod"
import { route } from "../route.ts"

/** What a screen did with a call is a few words. */
const MAX_RESPONSE_BYTES = 1024 * 1024

const next = route(
  "GET",
  "/tui/control/next",
  {
    id: "tui.control.next",
    tags: ["tui"],
    summary: "Get next TUI request",
    description:
      "The next call of `/tui/*` in the folder, as `{path, body}`, each given to one client; waits until there is one. " +
      "Calls that nobody waits for are kept for 30 seconds, the newest 100.",
    answers: "Next TUI request",
    answer: TuiRequest,
    mayTakeLong: true,
  },
  async ({ engine, signal }) => {
    const call = await (await engine()).screen.next(signal())
    return call ?? { path: "", body: null } // nobody is there to read it
  },
)

const response = route(
  "POST",
  "/tui/control/response",
  {
    id: "tui.control.response",
    tags: ["tui"],
    summary: "Submit TUI response",
    description:
      "Ends the call that was taken. Whoever made it had an answer already, so nothing comes of what is said.",
    answers: "Response submitted successfully",
    body: inline(() => z.unknown().refine((value) => value !== undefined, "Missing body")),
    maxBodyBytes: MAX_RESPONSE_BYTES,
    answer: inline(() => z.boolean()),
  },
  () => true,
)

export const tuiControlRoutes = [next, response]
