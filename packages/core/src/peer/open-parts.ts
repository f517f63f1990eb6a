import type { Event } from "@opencode/protocol/event.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Scope } from "../bus/bus.ts"
import type { PeerEvent } from "./wire.ts"

/**
 * The parts that other processes are writing at this moment, as their events tell: the store has their text only up to
 * the last checkpoint, and who begins to listen here needs what the next delta continues.
 */
export interface OpenParts {
  hear(event: PeerEvent): void
  list(): OpenPart[]
  /** What a process that is gone was writing is not written on. */
  forget(sessionID: string): void
}

export interface OpenPart {
  scope: Scope
  part: Part
}

export function createOpenParts(): OpenParts {
  const open = new Map<string, OpenPart>()

  function forget(sessionID: string): void {
    for (const [id, { part }] of open) if (part.sessionID === sessionID) open.delete(id)
  }

  function add({ partID, field, delta }: DeltaProperties): void {
    const found = open.get(partID)
    const before = found && new Map(Object.entries(found.part)).get(field)
    if (!found || typeof before !== "string") return
    // Published frames hold the part as it was: it is replaced, not changed.
    open.set(partID, { ...found, part: { ...found.part, [field]: before + delta } as Part })
  }

  return {
    hear({ scope, event }) {
      if (event.type === "message.part.delta") add(event.properties)
      else if (event.type === "session.idle") forget(event.properties.sessionID)
      else if (event.type === "message.part.updated") {
        const { part } = event.properties
        if (scope && isOpen(part)) open.set(part.id, { scope, part })
        else open.delete(part.id)
      }
    },
    list: () => [...open.values()],
    forget,
  }
}

type DeltaProperties = Extract<Event, { type: "message.part.delta" }>["properties"]

function isOpen(part: Part): boolean {
  if (part.type === "text" || part.type === "reasoning") return part.time !== undefined && part.time.end === undefined
  return part.type === "tool" && (part.state.status === "pending" || part.state.status === "running")
}
