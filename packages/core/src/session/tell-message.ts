import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Host } from "../lib/host.ts"
import type { Publish } from "./record.ts"

/** Tells of a message that came to be as a whole: a prompt, or what stands for one. After its commit. */
export function tellMessage(
  { info, parts }: MessageWithParts,
  { publish, host }: { publish: Publish; host: Pick<Host, "now"> },
): void {
  const { sessionID } = info
  publish("message.created", { sessionID, info })
  publish("message.updated", { sessionID, info })
  for (const part of parts) publish("message.part.updated", { sessionID, part, time: host.now() })
}
