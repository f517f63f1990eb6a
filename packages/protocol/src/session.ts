import { z } from "zod"
import { EndReason } from "./end-reason.ts"
import { SessionID, MessageID, PartID } from "./id.ts"
import { PermissionRuleset } from "./permission.ts"
import { inline, schema, type Infer } from "./schema.ts"
import { Tokens } from "./tokens.ts"

/** What happened to one file: a unified diff and its size in lines. */
export const SnapshotFileDiff = schema("SnapshotFileDiff", () =>
  z.object({
    file: z.string().optional(),
    patch: z.string().optional(),
    additions: z.number(),
    deletions: z.number(),
    status: z.enum(["added", "deleted", "modified"]).optional(),
  }),
)
export type SnapshotFileDiff = Infer<typeof SnapshotFileDiff>

/**
 * What undoing made of one file. `restored`: it is what it was. `unchanged`: it was that already. `partial`: the newest
 * changes are taken back, those before are mixed with somebody else's. `refused` and `unknown`: it was left as it is.
 */
export const UndoFile = schema("UndoFile", () =>
  z.object({
    /** Absolute. */
    file: z.string(),
    status: z.enum(["restored", "unchanged", "partial", "refused", "unknown"]),
    /** Changed while a command ran, by the command or by somebody else. */
    observed: z.boolean().optional(),
    reason: z.string().optional(),
  }),
)
export type UndoFile = Infer<typeof UndoFile>

/** The last undoing in a session, until the next prompt. */
export const UndoResult = schema("UndoResult", () =>
  z.object({
    action: z.enum(["revert", "unrevert"]),
    files: z.array(UndoFile()),
    /** Files that are not listed. */
    more: z.number().int().optional(),
    /** Sentences about commands of which nobody knows what they changed. */
    unseen: z.array(z.string()).optional(),
  }),
)
export type UndoResult = Infer<typeof UndoResult>

export const SessionModel = inline(() =>
  z.object({ id: z.string(), providerID: z.string(), variant: z.string().optional() }),
)

/** Times are milliseconds since the epoch; cost is in US dollars. */
export const Session = schema("Session", () =>
  z.object({
    id: SessionID(),
    slug: z.string(),
    projectID: z.string(),
    workspaceID: z.string().regex(/^wrk/).optional(),
    directory: z.string(),
    /** The directory relative to the worktree. */
    path: z.string().optional(),
    parentID: SessionID().optional(),
    summary: z
      .object({
        additions: z.number(),
        deletions: z.number(),
        files: z.number(),
        diffs: z.array(SnapshotFileDiff()).optional(),
      })
      .optional(),
    cost: z.number().optional(),
    tokens: Tokens().optional(),
    share: z.object({ url: z.string() }).optional(),
    title: z.string(),
    agent: z.string().optional(),
    model: SessionModel().optional(),
    version: z.string(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    time: z.object({
      created: z.number().int().min(0),
      updated: z.number().int().min(0),
      compacting: z.number().int().min(0).optional(),
      archived: z.number().optional(),
    }),
    permission: PermissionRuleset().optional(),
    revert: z
      .object({
        messageID: MessageID(),
        partID: PartID().optional(),
        snapshot: z.string().optional(),
        diff: z.string().optional(),
      })
      .optional(),
    undo: UndoResult().optional(),
  }),
)
export type Session = Infer<typeof Session>

export const ProjectSummary = schema("ProjectSummary", () =>
  z.object({ id: z.string(), name: z.string().optional(), worktree: z.string() }),
)
/** A session in a list over all projects. */
export const GlobalSession = schema("GlobalSession", () =>
  z.object({ ...Session().shape, project: ProjectSummary().nullable() }),
)
export type GlobalSession = Infer<typeof GlobalSession>

/**
 * `next` is when the provider is asked again, in milliseconds since the epoch. `reason` is ours: why the last turn ended.
 */
export const SessionStatus = schema("SessionStatus", () =>
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("idle"), reason: EndReason().optional() }),
    z.object({
      type: z.literal("retry"),
      attempt: z.number().int().min(0),
      message: z.string(),
      next: z.number().int().min(0),
    }),
    z.object({ type: z.literal("busy") }),
  ]),
)
export type SessionStatus = Infer<typeof SessionStatus>

export const SessionCreate = inline(() =>
  z.object({
    parentID: SessionID().optional(),
    title: z.string().optional(),
    agent: z.string().optional(),
    model: SessionModel().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    permission: PermissionRuleset().optional(),
    workspaceID: z.string().regex(/^wrk/).optional(),
  }),
)
export type SessionCreate = Infer<typeof SessionCreate>

export const SessionUpdate = inline(() =>
  z.object({
    title: z.string().optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    permission: PermissionRuleset().optional(),
    time: z.object({ archived: z.number().optional() }).optional(),
  }),
)
export type SessionUpdate = Infer<typeof SessionUpdate>
