import type { Part, PartOf } from "@opencode/protocol/part.ts"

/** A part whose text comes in pieces. */
export type TextLike = PartOf<"text"> | PartOf<"reasoning">

export const isTextLike = (part: Part | undefined): part is TextLike =>
  part?.type === "text" || part?.type === "reasoning"
