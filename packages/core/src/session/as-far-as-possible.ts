import { isFault } from "../lib/fault.ts"

/**
 * For who only reads: a full disk must not hide what is on it, nor somebody who is at work there. What cannot be closed
 * now is shown as it is stored.
 */
export async function asFarAsPossible(closing: Promise<void>): Promise<void> {
  try {
    await closing
  } catch (error) {
    if (!isFault(error, "storage") && !isFault(error, "busy")) throw error
  }
}
