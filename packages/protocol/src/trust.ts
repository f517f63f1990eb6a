import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

/** What a repository's settings can make the program do, and what is therefore held back until somebody approved it. */
export const TrustKind = schema("TrustKind", () =>
  z.enum([
    "plugin",
    "tool",
    "mcp",
    "lsp",
    "formatter",
    "command",
    "provider",
    "permission",
    "instructions",
    "skills",
    "references",
    "variable",
    "link",
    "setting",
  ]),
)
export type TrustKind = Infer<typeof TrustKind>

/** `once`: for this process. `rejected`: not asked again in this process. `all`: the whole folder is trusted by a flag. */
export const TrustState = schema("TrustState", () => z.enum(["pending", "rejected", "once", "approved", "all"]))
export type TrustState = Infer<typeof TrustState>

export const TrustItem = schema("TrustItem", () =>
  z.object({
    /** Names exactly this definition: another one has another id. */
    id: z.string(),
    kind: TrustKind(),
    /** The member of the settings, outermost key first. Empty for a file that is code. */
    path: z.array(z.string()),
    /** Where it is written. */
    file: z.string(),
    line: z.number().optional(),
    /** The folder that an approval is bound to, canonical. */
    folder: z.string(),
    /** What it would run, send or allow. */
    summary: z.string(),
    /** Files of the project that it loads, whose content an approval is bound to. */
    loads: z.array(z.string()),
    hash: z.string(),
  }),
)
export type TrustItem = Infer<typeof TrustItem>

export const Trust = schema("Trust", () =>
  z.object({
    directory: z.string(),
    /** Everything in the folder is trusted, for this process. */
    all: z.boolean(),
    items: z.array(TrustItem().extend({ state: TrustState() })),
  }),
)
export type Trust = Infer<typeof Trust>

/** Names of items, as a list gave them. */
export const TrustChange = inline(() => z.object({ ids: z.array(z.string()).min(1) }))

/** The permission by which clients are asked. No rule decides about it. */
export const TRUST = "trust"
