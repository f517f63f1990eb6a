import { setFlagsFromString } from "node:v8"

/**
 * V8 takes memory for speed that a server does not need: in its first hundred turns the space for young values grows to
 * sixteen times its size, what is old may grow several times before it is looked through, and pages that hold a little
 * are kept for it. A smaller percentage would save more, and cost prompts of long sessions twice their CPU. The flags are looked at when a space is about to grow, so
 * they may come after the start; a V8 that does not know them says so on standard error and goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1")
  setFlagsFromString("--heap-growing-percent=80")
  setFlagsFromString("--compact-on-every-full-gc")
}
