import { z } from "zod"
import { SessionID } from "./id.ts"
import { inline, type Infer } from "./schema.ts"

// What programs ask of the screen of a person. The same shapes are events and requests.

export const TuiPromptAppend = inline(() => z.object({ text: z.string() }))

/** Names that screens know, such as `session.list`; what a screen does not know it leaves. */
export const TuiCommandExecute = inline(() => z.object({ command: z.string() }))

/** Milliseconds that a message stays when nobody says otherwise. */
const TOAST_MS = 5_000
/** The largest delay that timers take. */
const MAX_TOAST_MS = 2_147_483_647

export const TuiToastShow = inline(() =>
  z.object({
    title: z.string().optional(),
    message: z.string(),
    variant: z.enum(["info", "success", "warning", "error"]),
    duration: z.number().int().positive().max(MAX_TOAST_MS).default(TOAST_MS),
  }),
)

export const TuiSessionSelect = inline(() => z.object({ sessionID: SessionID().describe("Session ID to navigate to") }))

/** What waits for whoever controls a screen: the call as it came in. */
export const TuiRequest = inline(() => z.object({ path: z.string(), body: z.unknown() }))
export type TuiRequest = Infer<typeof TuiRequest>
