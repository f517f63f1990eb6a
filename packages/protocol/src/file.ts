import { z } from "zod"
import { schema, type Infer } from "./schema.ts"

/** One entry of a folder. */
export const FileNode = schema("FileNode", () =>
  z.object({
    name: z.string(),
    /** Relative to the folder of the request; of a folder with a "/" at its end. */
    path: z.string(),
    absolute: z.string(),
    type: z.enum(["file", "directory"]),
    ignored: z.boolean(),
  }),
)
export type FileNode = Infer<typeof FileNode>

/** What is not valid UTF-8 comes as base64, so that nothing of it is lost. */
export const FileContent = schema("FileContent", () =>
  z.object({
    type: z.enum(["text", "binary"]),
    content: z.string(),
    encoding: z.literal("base64").optional(),
    mimeType: z.string().optional(),
  }),
)
export type FileContent = Infer<typeof FileContent>

const ChangeKind = () => z.enum(["added", "deleted", "modified"])

/** A changed file. */
export const File = schema("File", () =>
  z.object({
    path: z.string(),
    added: z.number().int().min(0),
    removed: z.number().int().min(0),
    status: ChangeKind(),
  }),
)
export type File = Infer<typeof File>

/** A line that fits, as ripgrep tells it. Offsets and columns count bytes. */
export const FoundText = schema("FoundText", () =>
  z.object({
    path: z.object({ text: z.string() }),
    lines: z.object({ text: z.string() }),
    line_number: z.number().int().min(0),
    absolute_offset: z.number().int().min(0),
    submatches: z.array(
      z.object({
        match: z.object({ text: z.string() }),
        start: z.number().int().min(0),
        end: z.number().int().min(0),
      }),
    ),
  }),
)
export type FoundText = Infer<typeof FoundText>

export const VcsInfo = schema("VcsInfo", () =>
  z.object({ branch: z.string().optional(), default_branch: z.string().optional() }),
)
export type VcsInfo = Infer<typeof VcsInfo>

export const VcsFileStatus = schema("VcsFileStatus", () =>
  z.object({ file: z.string(), additions: z.number(), deletions: z.number(), status: ChangeKind() }),
)
export type VcsFileStatus = Infer<typeof VcsFileStatus>

export const VcsFileDiff = schema("VcsFileDiff", () =>
  z.object({
    file: z.string(),
    patch: z.string().optional(),
    additions: z.number(),
    deletions: z.number(),
    status: ChangeKind().optional(),
  }),
)
export type VcsFileDiff = Infer<typeof VcsFileDiff>
