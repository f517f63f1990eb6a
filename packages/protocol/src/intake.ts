import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

/** Programs whose conversations can be taken over. */
export const Program = inline(() => z.enum(["opencode", "claude-code", "codex"]))
export type Program = Infer<typeof Program>

/** What a path of this system can have. */
const MAX_PATH_CHARACTERS = 4_096

export const ImportInput = inline(() =>
  z.object({
    from: Program(),
    /** Absolute, on the machine of the server: the data folder of the program, or one of its files. */
    folder: z.string().max(MAX_PATH_CHARACTERS).optional(),
    /** Reads everything and stores nothing. */
    dryRun: z.boolean().optional(),
  }),
)
export type ImportInput = Infer<typeof ImportInput>

/**
 * What became of one session. `added`: it is new here. `extended`: it went on there, and now here too. `unchanged`: it
 * was taken over before. `removed`: it was taken over before and removed here since. `diverged`: it went on in both
 * places; what is here stayed. `busy`: it is at work here. `failed`: it could not be read or stored.
 */
export const ImportState = inline(() =>
  z.enum(["added", "extended", "unchanged", "removed", "diverged", "busy", "failed"]),
)
export type ImportState = Infer<typeof ImportState>

export const ImportedSession = schema("ImportedSession", () =>
  z.object({
    id: z.string(),
    state: ImportState(),
    title: z.string().optional(),
    directory: z.string().optional(),
    /** As many as were read. */
    messages: z.number().int().min(0),
    /** Sentences: what of it was damaged or left out. */
    problems: z.array(z.string()).optional(),
  }),
)
export type ImportedSession = Infer<typeof ImportedSession>

export const ImportReport = schema("ImportReport", () =>
  z.object({
    from: Program(),
    folder: z.string(),
    dryRun: z.boolean(),
    /** Sessions that the folder has. */
    found: z.number().int().min(0),
    sessions: z.array(ImportedSession()),
    /** Projects that were not known here. */
    projects: z.number().int().min(0),
    /** Providers and organisations. What is here already stays as it is. */
    credentials: z.object({ added: z.array(z.string()), kept: z.array(z.string()) }),
    /** Sentences about the folder as a whole. */
    problems: z.array(z.string()),
    /** Why the import ended before its end. What was stored until then stays, and the next one goes on from there. */
    stopped: z.string().optional(),
  }),
)
export type ImportReport = Infer<typeof ImportReport>
