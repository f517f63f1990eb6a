import { z } from "zod"
import { PtyID } from "./id.ts"
import { inline, schema, type Infer } from "./schema.ts"

/** A terminal that runs on the server, and that clients look into. */
export const Pty = schema("Pty", () =>
  z.object({
    id: PtyID(),
    title: z.string(),
    command: z.string(),
    args: z.array(z.string()),
    cwd: z.string(),
    status: z.enum(["running", "exited"]),
    pid: z.number().int().nonnegative(),
    exitCode: z.number().int().nonnegative().optional(),
  }),
)
export type Pty = Infer<typeof Pty>

/** What the kernel and the arguments of programs have no place for. */
const text = () => z.string().regex(/^[^\0]*$/, "must not have a NUL")
const MAX_TITLE = 1_000
/** Terminals are some hundred cells wide; programs make buffers of this size. */
const MAX_CELLS = 10_000

export const PtyCreate = inline(() =>
  z.object({
    command: text().min(1).optional(),
    args: z.array(text()).optional(),
    cwd: text().optional(),
    title: z.string().max(MAX_TITLE).optional(),
    env: z.record(z.string().regex(/^[^=\0]+$/, "must be a name of a variable"), text()).optional(),
  }),
)
export type PtyCreate = Infer<typeof PtyCreate>

const cells = () => z.number().int().positive().max(MAX_CELLS)
export const PtyUpdate = inline(() =>
  z.object({
    title: z.string().max(MAX_TITLE).optional(),
    size: z.object({ rows: cells(), cols: cells() }).optional(),
  }),
)
export type PtyUpdate = Infer<typeof PtyUpdate>

/** `acceptable`: the setting `shell` takes it. */
export const PtyShell = inline(() => z.object({ path: z.string(), name: z.string(), acceptable: z.boolean() }))
export type PtyShell = Infer<typeof PtyShell>

export const PtyTicketConnectToken = schema("PtyTicketConnectToken", () =>
  z.object({ ticket: z.string(), expires_in: z.number().int().positive().describe("Seconds") }),
)
export type PtyTicketConnectToken = Infer<typeof PtyTicketConnectToken>
