import { basename, dirname } from "node:path"

/**
 * Lets a child touch less than its user may, by the kernel's namespaces: bubblewrap is called directly. The child sees
 * the whole machine read-only, but for what is said here; its processes end with it, because it has their first one.
 */
export interface Confinement {
  /** Absolute path of bubblewrap. */
  program: string
  /** Canonical folders that it may write to. */
  writable: readonly string[]
  /** Read-only although they lie in a writable folder. Each exists, and none is a link: see `mount-points.ts`. */
  protected: readonly string[]
  /** Canonical folders and files that it must not see. They seem to be empty. */
  hidden: { folders: readonly string[]; files: readonly string[] }
  /** Canonical paths that it sees although they lie in what is hidden. */
  visible: readonly string[]
  /** Without it there is a loopback of its own and nothing else. */
  network: boolean
}

type Access = "read" | "write" | "empty folder" | "empty file"

/** Private to each command; gone with it. Other programs keep sockets there through which one gets out of here. */
const SCRATCH = "/tmp"

/** What to start instead of `file`. Pure. */
export function bwrapArguments(
  confinement: Confinement,
  command: { file: string; args: readonly string[]; cwd: string },
): string[] {
  return [
    ...["--unshare-all", ...(confinement.network ? ["--share-net"] : [])],
    // A user who is root would keep the right to take the mounts away.
    ...["--cap-drop", "ALL", "--die-with-parent"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", SCRATCH],
    ...mountsOf(confinement).flatMap(([path, access]) => mount(path, access)),
    ...["--setenv", "TMPDIR", SCRATCH, "--chdir", command.cwd, "--", command.file, ...command.args],
  ]
}

function mount(path: string, access: Access): string[] {
  if (access === "empty folder") return ["--tmpfs", path]
  if (access === "empty file") return ["--ro-bind", "/dev/null", path]
  return [access === "write" ? "--bind" : "--ro-bind", path, path]
}

/** From the top down, because what is mounted later covers what is there. */
function mountsOf({ writable, protected: guarded, hidden, visible }: Confinement): [string, Access][] {
  const mounts = new Map<string, Access>()
  const put = (paths: readonly string[], access: Access) => paths.forEach((path) => mounts.set(path, access))
  // Of one path the later word holds.
  put(visible, "read")
  put(writable, "write")
  put(guarded, "read")
  put(hidden.folders, "empty folder")
  put(hidden.files, "empty file")
  for (const path of [...guarded, ...hidden.folders, ...hidden.files]) {
    for (const folder of renamable(path, mounts)) mounts.set(folder, "write")
  }
  return [...mounts].sort(([a], [b]) => depth(a) - depth(b))
}

/**
 * The writable folders between a path and the mount around it. Renamed, they would take what guards the path along, and
 * another one could be put in its place; the kernel does not rename what is a mount itself.
 */
function renamable(path: string, mounts: ReadonlyMap<string, Access>): string[] {
  const folders: string[] = []
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const access = mounts.get(folder)
    if (access !== undefined) return access === "write" ? folders : []
    if (basename(folder) === "") return []
    folders.push(folder)
  }
}

const depth = (path: string): number => path.split("/").filter(Boolean).length
