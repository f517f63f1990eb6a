import { spawnSync } from "node:child_process"

const PROGRAM = "bwrap"

/** Whether sandboxes can be made here. */
export const hasBwrap =
  spawnSync(PROGRAM, ["--ro-bind", "/", "/", "--unshare-all", "--", "/bin/sh", "-c", ":"]).status === 0

/** A run that is there to try everything must not pass by leaving out what it cannot try. */
if (!hasBwrap && process.env["CI"]) throw new Error("The tests of the sandbox need bubblewrap: install it.")
if (!hasBwrap) process.stderr.write("\nThe tests of the sandbox are LEFT OUT: bubblewrap cannot make one here.\n\n")
