import { createHash } from "node:crypto"

/** A name for a file, of a text that may be too long for one or have any characters in it. */
export const hashedName = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)
