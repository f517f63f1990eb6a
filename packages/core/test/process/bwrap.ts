import { spawnSync } from "node:child_process"

/** Whether sandboxes can be made here. */
export const hasBwrap = spawnSync("bwrap", ["--ro-bind", "/", "/", "--unshare-all", "--", "/bin/sh", "-c", ":"]).status === 0

/** A run that is there to try everything must not pass by leaving out what it cannot try. */
if (!hasBwrap && process.env["CI"]) throw new Error("bubblewrap is needed to test the sandbox: apt-get install bubblewrap")
if (!hasBwrap) console.warn("The tests of the sandbox are LEFT OUT: bubblewrap cannot make one here.")
