import { events } from "@opencode/protocol/event.ts"
import { inline, schema, type Schema } from "@opencode/protocol/schema.ts"
import { z } from "zod"

// The table of events as the document shows it: one named shape per event, and what the two streams carry.

const AnyEvent = inline(() =>
  z.union(
    Object.entries(events).map(([type, { properties }]) => {
      const shape = { id: z.string().regex(/^evt_/), type: z.literal(type), properties: (properties as Schema)() }
      return z.object(shape).meta({ id: nameOf(type) })
    }),
  ),
)

export const Event = schema("Event", AnyEvent)

export const GlobalEvent = schema("GlobalEvent", () =>
  z.object({
    directory: z.string().optional(),
    project: z.string().optional(),
    workspace: z.string().optional(),
    payload: AnyEvent(),
  }),
)

/** `message.part.updated` is `EventMessagePartUpdated`. The events of screens are named in another way: see `requestName`. */
function nameOf(type: string): string {
  return type.startsWith("tui.") ? `Event.${type}` : requestName(type)
}

/** In the published document this is the name of what is sent to `/tui/publish`, where the type is one of a screen. */
export function requestName(type: string): string {
  const words = type.split(".").map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
  return `Event${words.join("")}`
}
