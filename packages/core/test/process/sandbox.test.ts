import { expect, test } from "vitest"
import { bwrapArguments, type Confinement } from "../../src/process/sandbox.ts"

const NOTHING: Confinement = {
  program: "/usr/bin/bwrap",
  writable: [],
  protected: [],
  hidden: { folders: [], files: [] },
  visible: [],
  network: false,
}
const command = { file: "/bin/sh", args: ["-c", "ls"], cwd: "/w" }

test("a sandbox sees everything, writes nothing, has no network, no rights, and ends with us", () => {
  expect(bwrapArguments(NOTHING, command)).toEqual([
    "--unshare-all",
    ...["--cap-drop", "ALL", "--die-with-parent"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"],
    ...["--setenv", "TMPDIR", "/tmp", "--chdir", "/w", "--", "/bin/sh", "-c", "ls"],
  ])
})

test("the network is there only where it was asked for", () => {
  expect(bwrapArguments({ ...NOTHING, network: true }, command).slice(0, 2)).toEqual(["--unshare-all", "--share-net"])
})

const write = (path: string) => `--bind ${path} ${path}`
const read = (path: string) => `--ro-bind ${path} ${path}`

test.each<[string, Partial<Confinement>, string[]]>([
  ["a folder that may be written to", { writable: ["/w"] }, [write("/w")]],
  ["what is seen inside of the private folder", { visible: ["/tmp/mine"] }, [read("/tmp/mine")]],
  [
    "a protected path, after the folder around it",
    { protected: ["/w/opencode.json"], writable: ["/w"] },
    [write("/w"), read("/w/opencode.json")],
  ],
  [
    "folders between them cannot be renamed, because they are mounts as well",
    { writable: ["/w"], protected: ["/w/a/b/.vscode", "/w/a/.git/config"] },
    [write("/w"), write("/w/a"), write("/w/a/b"), write("/w/a/.git"), read("/w/a/b/.vscode"), read("/w/a/.git/config")],
  ],
  [
    "what lies in a protected folder stays protected",
    { writable: ["/w"], protected: ["/w/.git/worktrees", "/w/.git/worktrees/x/gitdir"] },
    [write("/w"), write("/w/.git"), read("/w/.git/worktrees"), read("/w/.git/worktrees/x/gitdir")],
  ],
  [
    "a writable folder in a protected one is writable, but for what is protected in it",
    { writable: ["/w", "/g", "/g/worktrees/x"], protected: ["/g/worktrees", "/g/worktrees/x/gitdir"] },
    [write("/w"), write("/g"), read("/g/worktrees"), write("/g/worktrees/x"), read("/g/worktrees/x/gitdir")],
  ],
  [
    "hidden is stronger than writable, and what is shared inside of it is there all the same",
    { writable: ["/w", "/data", "/data/output"], hidden: { folders: ["/data"], files: ["/w/store.db"] } },
    [write("/w"), "--tmpfs /data", write("/data/output"), "--ro-bind /dev/null /w/store.db"],
  ],
  [
    "a folder on the way to what is hidden cannot be renamed either",
    { writable: ["/w"], hidden: { folders: ["/w/a/data"], files: [] } },
    [write("/w"), write("/w/a"), "--tmpfs /w/a/data"],
  ],
  ["nothing has to be kept from being renamed where nothing is writable", { protected: ["/w/a"] }, [read("/w/a")]],
])("%s", (_, confinement, mounts) => {
  const all = bwrapArguments({ ...NOTHING, ...confinement }, command)
  const own = all.slice(all.indexOf("/tmp") + 1, all.indexOf("--setenv"))
  expect(own).toEqual(mounts.flatMap((mount) => mount.split(" ")))
})
