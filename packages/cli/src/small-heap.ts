import { setFlagsFromString } from "node:v8"

/**
 * V8 takes memory for speed that a server does not need: in its first hundred turns the space for young values grows to
 * sixteen times its size, what is old may grow several times before it is looked through, and pages that hold a little
 * are kept for it. With 25 % in place of 55 prompts of long sessions would cost nearly twice their CPU (13 ms for 7), with
 * 80 % the memory after a thousand turns is 1.4 times that after ten, and not 1.25 (`docs/decisions/0025-what-is-kept-in-memory.md`).
 * The flags are looked at when a space is about to grow, so they may come after the start; a V8 that does not know them
 * says so on standard error and goes on.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1")
  setFlagsFromString("--heap-growing-percent=55")
  setFlagsFromString("--compact-on-every-full-gc")
}
