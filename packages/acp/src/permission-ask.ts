import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import { TRUST, type TrustItem } from "@opencode/protocol/trust.ts"
import { wholeChange, type WholeChange } from "./client-files.ts"
import { changesIn } from "./patch-texts.ts"
import { kindOf } from "./tool-call.ts"
import type { PermissionOption, RequestPermissionRequest, ToolCallContent, ToolKind } from "./wire.ts"

/** A question of the API as an editor asks it. */
export interface Ask {
  request: Pick<RequestPermissionRequest, "toolCall" | "options">
  /** Files that are made by an editor that offers to, once it is allowed. */
  writes: WholeChange[]
}

const ONCE: PermissionOption = { optionId: "once", kind: "allow_once", name: "Allow once" }
const ALWAYS: PermissionOption = { optionId: "always", kind: "allow_always", name: "Always allow" }
const REJECT: PermissionOption = { optionId: "reject", kind: "reject_once", name: "Reject" }

const textOf = (value: unknown): string => (typeof value === "string" ? value : "")

/** @param toolCallId how the client knows the call */
export async function askOf(asked: PermissionRequest, toolCallId: string): Promise<Ask> {
  const { permission, metadata, always } = asked
  const files = patchesOf(asked)
  const changes = await Promise.all(files.map(({ path, patch }) => wholeChange(path, patch)))
  const content = files.flatMap(({ path, patch }, at): ToolCallContent[] => {
    const whole = changes[at]
    const places = whole ? [whole] : changesIn(patch)
    return places.map(({ oldText, newText }) => ({ type: "diff", path, oldText, newText }))
  })
  const said = textOf(metadata.content) || heldBack(asked)
  if (said) content.push({ type: "content", content: { type: "text", text: said } })
  return {
    request: {
      toolCall: {
        toolCallId,
        title: titleOf(asked),
        kind: kindOfAsk(permission),
        status: "pending",
        locations: locationsOf(asked, files),
        rawInput: metadata,
        ...(content.length > 0 ? { content } : {}),
      },
      options: always.length > 0 ? [ONCE, ALWAYS, REJECT] : [ONCE, REJECT],
    },
    // Of several files, half would be made by the editor and half by us.
    writes: permission === "edit" && files.length === 1 ? changes.filter((change) => change !== undefined) : [],
  }
}

interface Patched {
  path: string
  patch: string
}

/** Which files would become what. One that is moved or removed is not written. */
function patchesOf({ metadata }: PermissionRequest): Patched[] {
  if (!Array.isArray(metadata.files)) {
    const [path, patch] = [textOf(metadata.filepath), textOf(metadata.diff)]
    return path && patch ? [{ path, patch }] : []
  }
  return (metadata.files as Record<string, unknown>[]).flatMap(({ filePath, patch, type }) =>
    type === "add" || type === "update" ? [{ path: textOf(filePath), patch: textOf(patch) }] : [],
  )
}

/** What settings of a project would run, send or allow. */
function heldBack({ permission, metadata }: PermissionRequest): string {
  if (permission !== TRUST || !Array.isArray(metadata.items)) return ""
  return (metadata.items as Partial<TrustItem>[])
    .map(({ path = [], file = "", summary = "" }) => `${path.join(".") || file}: ${summary}`)
    .join("\n")
}

const EDITS = new Set(["edit", "control_file"])

const kindOfAsk = (permission: string): ToolKind => (EDITS.has(permission) ? "edit" : kindOf(permission))

function titleOf({ permission, patterns, metadata }: PermissionRequest): string {
  const named = textOf(metadata.command) || textOf(metadata.title) || textOf(metadata.filepath) || textOf(metadata.url)
  if (permission === "bash" || EDITS.has(permission)) return named || patterns.join(", ") || permission
  if (permission === "plan_exit" && named) return named
  if (permission === TRUST) return "Let this project's settings run, send and allow this?"
  return `${permission}: ${named || patterns.join(", ")}`
}

function locationsOf({ permission, metadata }: PermissionRequest, files: Patched[]): { path: string }[] {
  if (files.length > 0) return files.map(({ path }) => ({ path }))
  const path = permission === "bash" ? "" : textOf(metadata.filepath)
  return path.startsWith("/") ? [{ path }] : []
}
