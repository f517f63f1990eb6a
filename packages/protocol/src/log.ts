import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"

export const LogLevel = schema("LogLevel", () => z.enum(["DEBUG", "INFO", "WARN", "ERROR"]))
export type LogLevel = Infer<typeof LogLevel>

export const LogEntry = inline(() =>
  z.object({
    service: z.string(),
    level: z.enum(["debug", "info", "error", "warn"]),
    message: z.string(),
    extra: z.record(z.string(), z.unknown()).optional(),
  }),
)
export type LogEntry = Infer<typeof LogEntry>
