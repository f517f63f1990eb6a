import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { PartOf } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"

interface Wish extends Pick<UserMessage, "sessionID" | "agent" | "model"> {
  /** What the part says beside that it wants a compaction. */
  part: Pick<PartOf<"compaction">, "auto" | "overflow" | "tail_start_id">
}

/** The message of the user that asks for notes, whether a person or the program wants them. */
export function compactionMessage(
  { part, ...wish }: Wish,
  host: Pick<Host, "id" | "now">,
): MessageWithParts & { info: UserMessage } {
  const { sessionID } = wish
  const messageID = host.id("msg")
  const asks: PartOf<"compaction"> = { id: host.id("prt"), sessionID, messageID, type: "compaction", ...part }
  return { info: { id: messageID, ...wish, role: "user", time: { created: host.now() } }, parts: [asks] }
}
