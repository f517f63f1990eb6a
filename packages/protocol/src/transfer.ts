import { z } from "zod"
import { MessageID, PartID, SessionID } from "./id.ts"
import { Message } from "./message.ts"
import { Part } from "./part.ts"
import { inline, schema, type Infer } from "./schema.ts"
import { Session } from "./session.ts"

/** A whole conversation outside of any store: what `export` writes and `import` reads. */
export const SessionExport = schema("SessionExport", () =>
  z.object({
    info: Session(),
    messages: z.array(z.object({ info: Message(), parts: z.array(Part()) })),
  }),
)
export type SessionExport = Infer<typeof SessionExport>

/** A part of a type that this version does not know is kept as it is; its ids are checked all the same. */
const UnknownPart = inline(() =>
  z.looseObject({ id: PartID(), sessionID: SessionID(), messageID: MessageID(), type: z.string() }),
)

/** The same before it is known which of its parts are known. */
export const SessionImport = inline(() =>
  z.object({ info: Session(), messages: z.array(z.object({ info: Message(), parts: z.array(UnknownPart()) })) }),
)
export type SessionImport = Infer<typeof SessionImport>
