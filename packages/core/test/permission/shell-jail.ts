import { execFile, execFileSync } from "node:child_process"
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { which } from "@opencode/core/process/which.ts"

/** What one command did. */
export interface Ran {
  /** Programs that were started: name and arguments. */
  programs: string[][]
  /** Files made, changed or removed, relative to the folder of the case: `work/f`, `out/new`. */
  changed: string[]
}

/** Programs that do nothing but tell that they ran; what they print; how they end. */
const FAKES: Record<string, string> = {
  a: "",
  b: "echo sub new",
  c: "echo a",
  n: "exit 1",
  s: "",
  z: "",
  A: "",
  q: "",
}
const WRAPPERS = "env xargs timeout nice nohup setsid stdbuf find bash sh".split(" ")
const WRITERS =
  "tee cp mv ln touch truncate rm mkdir rmdir sed sort dd install split csplit chmod awk tar patch gzip uniq shred unlink cat".split(
    " ",
  )

/** One bash runs all cases after each other; each has ended when nobody holds its pipe any more. */
const DRIVER = `
cd "$1" || exit 1
for ((i = $2; i < $3; i++)); do
  IFS= read -rd '' text < "$1/$i/text"
  cd "$1/$i/work" || exit 1
  HOME="$1/$i/home" PATH="$1/bin" FUNCNEST=20 "$4" -c "$text" < /dev/null 9>&1 > /dev/null 2>&1 | read -rd ''
  printf '%s\\0' end "$i" >> "$1/log"
done
`

/** No machine is so slow that a hundred commands take this long; a command that waits for ever is a mistake of ours. */
const DEADLINE_MS = 120_000

export interface Jail {
  /** A place for the next case, made as it is before a command runs. */
  prepare(text: string): { work: string; home: string; top: string }
  /** Runs everything that was prepared since the last time. */
  run(shell: "bash" | "sh"): Promise<Ran[]>
  contained: boolean
  close(): void
}

/** A private folder whose programs are our own, inside a container that may write nowhere else where there is one. */
export async function openJail(): Promise<Jail> {
  const top = realpathSync(await mkdtemp(join(tmpdir(), "jail-")))
  const bwrap = await which("bwrap", process.env["PATH"])
  const contained = bwrap !== undefined && works(bwrap)
  mkdirSync(join(top, "bin"))
  const program = (name: string, rest: string) =>
    writeFileSync(join(top, "bin", name), `#!/bin/sh\nprintf '%s\\0' "$#" ${name} "$@" >> '${top}/log'\n${rest}\n`, {
      mode: 0o755,
    })
  for (const [name, rest] of Object.entries(FAKES)) program(name, rest)
  // Without a container nothing that deletes or overwrites is let loose on random words.
  for (const name of [...WRAPPERS, ...(contained ? WRITERS : [])]) {
    const path = await which(name, process.env["PATH"])
    if (path !== undefined) program(name, `exec ${path} "$@"`)
  }
  if (!contained) for (const name of WRITERS) program(name, "")
  const shells = { bash: await which("bash", process.env["PATH"]), sh: "/bin/sh" }
  const archive = contained ? makeArchive(top) : Buffer.from("")

  const since = { made: 0, from: 0 }
  return {
    contained,
    prepare(text) {
      const folder = join(top, String(since.made++))
      furnish(folder, archive)
      writeFileSync(join(folder, "text"), text)
      return { top: folder, work: join(folder, "work"), home: join(folder, "home") }
    },
    async run(shell) {
      const found: Ran[] = []
      const { from, made: to } = since
      since.from = to
      // A moment that is surely later than what was written so far, by the coarse clock of file systems.
      await new Promise((done) => setTimeout(done, 20))
      writeFileSync(join(top, "log"), "")
      const start = lstatSync(join(top, "log")).mtimeMs
      const args = ["--norc", "-c", DRIVER, "driver", top, String(from), String(to), shells[shell] ?? "/bin/sh"]
      const inside = [
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--bind",
        top,
        top,
        "--unshare-all",
        "--die-with-parent",
        "bash",
      ]
      const [file, all] = contained ? [bwrap, [...inside, ...args]] : ["bash", args]
      await new Promise<void>((done, fail) => {
        execFile(
          file,
          all,
          { timeout: DEADLINE_MS, env: { PATH: process.env["PATH"] }, killSignal: "SIGKILL" },
          (error) => (error ? fail(error) : done()),
        )
      })
      const programs = readLog(readFileSync(join(top, "log"), "utf8"))
      for (let at = from; at < to; at++) {
        found.push({ programs: programs.get(at) ?? [], changed: changes(join(top, String(at)), start) })
        rmSync(join(top, String(at)), { recursive: true, force: true })
      }
      return found
    },
    close: () => rmSync(top, { recursive: true, force: true }),
  }
}

function works(bwrap: string): boolean {
  try {
    execFileSync(bwrap, ["--ro-bind", "/", "/", "--unshare-all", "true"], { stdio: "ignore" })
    return true
  } catch {
    // Not allowed here, as in most containers.
    return false
  }
}

const FILES: Record<string, string> = {
  "work/f": "1\n",
  "work/g": "2\n",
  "work/s.sh": "s\n",
  "work/p.diff": "--- f\n+++ f\n@@ -1 +1 @@\n-1\n+3\n",
  "work/sub/f": "4\n",
  "out/o": "5\n",
}

function furnish(folder: string, archive: Buffer) {
  for (const name of ["", "work", "work/sub", "work/e", "out", "home"]) mkdirSync(join(folder, name))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  writeFileSync(join(folder, "work/t.tar"), archive)
  symlinkSync("../out", join(folder, "work/link"))
  writeFileSync(join(folder, "work/a"), `#!/bin/sh\n`)
  chmodSync(join(folder, "work/a"), 0o755)
}

function makeArchive(top: string): Buffer {
  const folder = join(top, "packed")
  mkdirSync(folder)
  writeFileSync(join(folder, "unpacked"), "6\n")
  execFileSync("tar", ["cf", join(top, "t.tar"), "-C", folder, "unpacked"])
  return readFileSync(join(top, "t.tar"))
}

function readLog(text: string): Map<number, string[][]> {
  const words = text.split("\0")
  const found = new Map<number, string[][]>()
  let current: string[][] = []
  for (let at = 0; at < words.length - 1;) {
    if (words[at] === "end") {
      found.set(Number(words[at + 1]), current)
      current = []
      at += 2
    } else {
      const count = Number(words[at])
      current.push(words.slice(at + 1, at + 2 + count))
      at += 2 + count
    }
  }
  return found
}

const MODES: Record<string, number> = { "work/a": 0o755 }

function changes(folder: string, start: number): string[] {
  const known = new Set([
    ...Object.keys(FILES),
    "work",
    "work/sub",
    "work/e",
    "out",
    "home",
    "work/t.tar",
    "work/link",
    "work/a",
    "text",
  ])
  const changed: string[] = []
  for (const name of namesIn(folder, "")) {
    const found = lstatSync(join(folder, name))
    const isNew = !known.delete(name)
    const mode = MODES[name] ?? 0o644
    const isTouched = found.isFile() && (found.mtimeMs >= start || (!isNew && (found.mode & 0o777) !== mode))
    if (isNew || isTouched) changed.push(name)
  }
  return [...changed, ...known]
}

/** Without following links. */
function namesIn(top: string, below: string): string[] {
  return readdirSync(join(top, below), { withFileTypes: true }).flatMap((entry) => {
    const name = below === "" ? entry.name : `${below}/${entry.name}`
    return entry.isDirectory() ? [name, ...namesIn(top, name)] : [name]
  })
}
