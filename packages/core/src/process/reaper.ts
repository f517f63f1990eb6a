import { startProcess, type RunningProcess } from "./spawn.ts"

/**
 * Ends our children when this process dies without a chance to do it (kill -9, out of memory). A tiny shell, started
 * before the first child, hears of every group through a pipe; when the pipe ends, because we closed it or because we
 * are gone, it ends the groups that are left and then itself.
 */

/**
 * `+N` remembers group N, `-N` forgets it. It has its own session, so Ctrl-C does not reach it, and it ignores the
 * polite signals for the person who sends them by hand. `kill` fails for a group that is gone; only if one was there
 * does it wait the grace of a second before KILL.
 */
const PROGRAM = `
trap '' TERM INT HUP
groups=' '
while IFS= read -r line; do
  id=\${line#?}
  case $line in
    +*) groups="$groups$id " ;;
    -*) case $groups in *" $id "*) groups="\${groups%%" $id "*} \${groups#*" $id "}" ;; esac ;;
  esac
done
alive=
for id in $groups; do kill -s TERM -- "-$id" 2>/dev/null && alive=1; done
[ -z "$alive" ] && exit
sleep 1
for id in $groups; do kill -s KILL -- "-$id" 2>/dev/null; done
`

export interface Reaper {
  /** Before a child is started: there must be no moment in which it runs and nobody would end it. */
  open(): void
  watch(group: number): void
  forget(group: number): void
  /** Groups still watched are ended. */
  close(): void
}

export function createReaper(): Reaper {
  const groups = new Set<number>()
  let shell: RunningProcess | undefined
  let closed = false

  const start = () => {
    const started = startProcess({
      file: "/bin/sh",
      args: ["-c", PROGRAM],
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      openInput: true,
      background: true,
    })
    shell = started
    // Without a /bin/sh, or after someone killed it, children still end with close(); the next one tries again.
    void started.exited.then(() => {
      if (shell === started) shell = undefined
    })
    for (const group of groups) started.stdin?.write(`+${group}\n`)
  }

  const open = () => {
    if (!closed && !shell) start()
  }

  return {
    open,
    watch(group) {
      if (closed || groups.has(group)) return
      open()
      groups.add(group)
      shell?.stdin?.write(`+${group}\n`)
    },
    forget(group) {
      if (groups.delete(group)) shell?.stdin?.write(`-${group}\n`)
    },
    close() {
      closed = true
      shell?.stdin?.end()
    },
  }
}
