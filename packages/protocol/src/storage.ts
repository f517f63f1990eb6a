import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

export const StorageName = inline(() =>
  z.enum([
    "database",
    "backups",
    "texts",
    "undo",
    "snapshots",
    "outputs",
    "references",
    "worktrees",
    "pages",
    "logs",
    "cache",
    "state",
    "temporary",
    "others",
  ]),
)
export type StorageName = Infer<typeof StorageName>

export const StorageEntry = schema("StorageEntry", () =>
  z.object({
    name: StorageName(),
    /** What it is, in a sentence. */
    about: z.string(),
    paths: z.array(z.string()),
    files: z.number().int().min(0),
    bytes: z.number().int().min(0),
    /** What cleaning would free of it. */
    removable: z.number().int().min(0),
    /** What cleaning does, or why it does nothing. */
    cleaning: z.string(),
  }),
)
export type StorageEntry = Infer<typeof StorageEntry>

/** What the program keeps on disk. */
export const StorageReport = schema("StorageReport", () =>
  z.object({ entries: z.array(StorageEntry()), bytes: z.number().int().min(0), removable: z.number().int().min(0) }),
)
export type StorageReport = Infer<typeof StorageReport>

export const StorageClean = inline(() =>
  z.object({
    /** Default: all that can be cleaned. */
    names: z.array(StorageName()).optional(),
    /** Tells what would go, and removes nothing. */
    dryRun: z.boolean().optional(),
  }),
)
export type StorageClean = Infer<typeof StorageClean>

export const StorageCleaned = schema("StorageCleaned", () =>
  z.object({
    dryRun: z.boolean(),
    cleaned: z.array(z.object({ name: StorageName(), files: z.number().int().min(0), bytes: z.number().int().min(0) })),
    bytes: z.number().int().min(0),
    /** Sentences about what could not be removed. */
    problems: z.array(z.string()),
  }),
)
export type StorageCleaned = Infer<typeof StorageCleaned>
