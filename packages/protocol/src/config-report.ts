import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

const place = () => ({
  file: z.string().optional(),
  /** Both count from 1. */
  line: z.number().int().optional(),
  column: z.number().int().optional(),
})

const ConfigLayer = inline(() =>
  z.enum(["builtin", "organisation", "user", "project", "environment", "command line", "managed"]),
)

/** Something in the configuration that was not taken as it was written. */
export const ConfigIssueReport = schema("ConfigIssue", () =>
  z.object({
    severity: z.enum(["error", "warning"]),
    /** `unknown_key`, `wrong_type`, `held_back`, … More may come. */
    kind: z.string(),
    message: z.string(),
    /** The member it is about, outermost key first; empty for a whole file. */
    path: z.array(z.string()),
    ...place(),
  }),
)
export type ConfigIssueReport = Infer<typeof ConfigIssueReport>

/** What one place says of a setting. */
const ConfigSaid = inline(() =>
  z.object({
    layer: ConfigLayer(),
    /** What it is called when it is no file: `OPENCODE_CONFIG_CONTENT`. */
    name: z.string().optional(),
    ...place(),
    value: z.unknown(),
    /** Whether all or some of it is held back until the project is trusted. */
    heldBack: z.boolean(),
  }),
)

/** Why a setting is as it is. */
export const ConfigExplanation = schema("ConfigExplanation", () =>
  z.object({
    key: z.string(),
    path: z.array(z.string()),
    /** What the setting does. */
    about: z.string().optional(),
    /** In effect, without secrets. Absent: it is not set, and the default holds. */
    value: z.unknown().optional(),
    /** Who set it; for an object or list who touched it last. */
    layer: ConfigLayer().optional(),
    ...place(),
    /** Everybody who says something of it, lowest first: later wins. */
    said: z.array(ConfigSaid()),
    issues: z.array(ConfigIssueReport()),
  }),
)
export type ConfigExplanation = Infer<typeof ConfigExplanation>
