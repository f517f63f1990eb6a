import { processesWith } from "@opencode/testing/processes.ts"
import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs"
import { mkdir, symlink, utimes, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { deferred } from "../../src/lib/deadline.ts"
import { createMountPoints } from "../../src/process/mount-points.ts"
import { STAND_IN_TIME } from "../../src/process/stand-in.ts"
import { hasBwrap } from "../process/bwrap.ts"
import { until } from "../process/support.ts"
import { sandboxed } from "./sandbox-place.ts"
import { openWorld } from "./world.ts"

const git = (cwd: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd, stdio: "pipe" }).toString()

describe.skipIf(!hasBwrap)("in a sandbox", () => {
  test("exit codes, output and input are the same as without one", async () => {
    await using w = await sandboxed("workspace")
    await using plain = await openWorld()
    for (const command of ["echo one; echo two >&2; echo three", "exit 3", "cat; echo done", "true", "echo $((1+1))"]) {
      const there = await plain.call("bash", { command })
      expect(await w.run(command)).toMatchObject({
        exit: there.metadata["exit"],
        output: there.output.replace(/\n*<shell_metadata>[\s\S]*/, ""),
      })
    }
    expect((await w.run("seq 1 10000")).told).toContain("output truncated")
  })

  test("workspace: the workspace and the folders for temporary files and output are writable, nothing else is", async () => {
    await using w = await sandboxed("workspace")
    const { exit } = await w.run(
      `mkdir -p src && echo a > src/a && echo b > ${w.temp}/b && echo c > /tmp/c && cat /tmp/c`,
    )
    expect(exit).toBe(0)
    expect(await w.text("src/a")).toBe("a\n")
    expect(existsSync(join(w.temp, "b"))).toBe(true)
    expect(existsSync("/tmp/c")).toBe(false)
    for (const place of [w.outside, "/etc", "/usr", "/"]) {
      expect((await w.run(`echo x > ${place}/made-in-a-sandbox`)).exit).not.toBe(0)
      expect(existsSync(join(place, "made-in-a-sandbox"))).toBe(false)
    }
  })

  test("read-only: nothing of the workspace can be changed, /tmp is private and writable", async () => {
    await using w = await sandboxed("read-only")
    await w.write("a", "1")
    const { output } = await w.run("echo 2 > a; rm a; touch b; mv a c; cat a; mktemp -p /tmp >/dev/null && echo made")
    expect(output).toMatch(/1made\n$/)
    expect(readdirSync(w.directory)).toEqual(["a"])
    expect((await w.run(`touch ${w.temp}/x`)).exit).not.toBe(0)
  })

  test("the model is told what bounds a command that failed, and not of one that did not", async () => {
    await using w = await sandboxed("workspace")
    expect((await w.run("false")).told).toMatch(/code 1\. It ran in a sandbox: .*It has no network\.\n/)
    expect((await w.run("true")).told).toBe("")
    await using reading = await sandboxed("read-only")
    expect((await reading.run("false")).told).toContain("it can change no file")
  })

  test.each(["workspace", "read-only"] as const)(
    "%s: hidden folders and files are not seen, wherever they are",
    async (mode) => {
      await using w = await sandboxed("off")
      await w.write("a/data/auth.json", "the key")
      await w.write("b/store.db", "the key")
      const hidden = [w.path("a/data"), w.path("b/store.db"), w.path("absent")]
      await using inner = await sandboxed(mode, { workspace: w.context.workspace, hidden })
      const { output } = await inner.run(
        `cd ${w.directory}; ls -A a/data; cat a/data/auth.json b/store.db; echo x > a/data/auth.json; echo x > b/store.db
       mv a c; mv b/store.db b/x; cat c/data/auth.json b/x; grep -r "the key" .`,
      )
      expect(output).not.toContain("the key\n")
      expect(output).not.toMatch(/^the key|:the key/m)
      expect(tree(w.directory)).toMatchObject({ "a/data/auth.json": "the key", "b/store.db": "the key" })
    },
  )

  test("our data folder is neither read nor written", async () => {
    await using w = await sandboxed("workspace")
    await writeFile(join(w.data, "auth.json"), "the key")
    const { output } = await w.run(
      `cat ${w.data}/auth.json; ls -A ${w.data}; echo x > ${w.data}/auth.json; cd ${w.data} && echo *`,
    )
    expect(output).not.toContain("the key")
    expect(readFileSync(join(w.data, "auth.json"), "utf8")).toBe("the key")
  })

  test("saved output can be read, though it lies in the data folder", async () => {
    await using w = await sandboxed("workspace")
    const kept = join(w.data, "tool-output")
    await mkdir(kept)
    await writeFile(join(kept, "t"), "saved")
    const clone = join(w.data, "repos")
    await mkdir(clone)
    await using inside = await sandboxed("workspace", { hidden: [w.data], shared: [kept], readable: [clone] })
    expect((await inside.run(`cat ${kept}/t; ls -A ${w.data}`)).output).toBe("savedrepos\ntool-output\n")
    expect((await inside.run(`touch ${clone}/x`)).exit).not.toBe(0)
    expect((await inside.run(`touch ${kept}/x`)).exit).toBe(0)
  })

  test.each([
    [undefined, false],
    [true, true],
  ])("network: %j reaches a port of this machine: %j", async (network, isReached) => {
    const server = createServer((socket) => socket.end("hello"))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as { port: number }
    try {
      await using w = await sandboxed({ mode: "workspace", ...(network !== undefined && { network }) })
      const { output } = await w.run(`exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3`)
      expect(output.includes("hello")).toBe(isReached)
    } finally {
      server.close()
    }
  })

  test("sockets of other programs in /run and /tmp are not there", async () => {
    await using w = await sandboxed({ mode: "workspace", network: true })
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(join(w.outside, "socket"), resolve))
    try {
      const { output } = await w.run(`find /run /tmp -type s; ls ${w.outside}/socket; ls -A /run`)
      const known = ["systemd", "NetworkManager", "resolvconf", "current-system", "wrappers", "opengl-driver", ""]
      const lines = output.split("\n").filter((line) => !known.includes(line))
      expect(lines).toEqual([expect.stringContaining("cannot access")])
    } finally {
      server.close()
    }
  })

  test("an abort ends it with everything in it, and keeps what was printed", async () => {
    const abort = new AbortController()
    const printed = deferred<void>()
    await using w = await sandboxed("workspace", {
      context: {
        signal: abort.signal,
        progress: ({ metadata }) => String(metadata?.["output"]).includes("\n") && printed.resolve(),
      },
    })
    const mark = `3${process.pid}`
    const running = w.run(`(trap '' TERM; setsid sleep ${mark}) & sleep ${mark} & echo here; wait`)
    await printed.promise
    abort.abort()
    expect(await running).toMatchObject({ exit: null, output: "here" })
    await until(() => processesWith(`sleep ${mark}`).length === 0)
    expect(readdirSync(w.directory)).toEqual([])
  })

  test("what a command leaves running ends with it", async () => {
    await using w = await sandboxed("workspace")
    const mark = `4${process.pid}`
    expect((await w.run(`setsid sleep ${mark} & echo started`)).output).toBe("started\n")
    await until(() => processesWith(`sleep ${mark}`).length === 0)
  })

  test("what takes too long is ended", async () => {
    await using w = await sandboxed("workspace", { context: { commandTimeoutMs: 300 } })
    expect((await w.run("sleep 300")).told).toContain("timeout 300 ms")
    expect(readdirSync(w.directory)).toEqual([])
  })
})

const GUARDED = [
  ...[".git/hooks/pre-commit", ".git/config", ".git/config.worktree", ".git/commondir"],
  ...[
    ".opencode/plugin/x.js",
    "opencode.json",
    "opencode.jsonc",
    ".opencode.json",
    ".mcp.json",
    ".envrc",
    ".gitconfig",
  ],
  ...[".claude/settings.json", ".agents/skills/x/SKILL.md", ".codex/config.toml", ".cursor/mcp.json"],
  ...[".gemini/settings.json", ".vscode/tasks.json", ".idea/x", ".zed/tasks.json", ".devcontainer/devcontainer.json"],
  ...[".husky/pre-commit", ".githooks/pre-commit"],
]

describe.skipIf(!hasBwrap)("what git, editors and agents obey", () => {
  test.each(["that is there", "that is not"])("can be changed in no way: something %s", async (which) => {
    await using w = await sandboxed("workspace")
    git(w.directory, "init", "-q")
    const isThere = which === "that is there"
    const written = GUARDED.filter((name) => !isOfGit(name))
    if (isThere) for (const name of written) await w.write(name, "mine")
    await w.write("evil", "evil")
    const before = tree(w.directory)
    const attempts = GUARDED.map((name) => {
      const [top] = name.split("/")
      return [
        `echo evil > ${name}; echo evil >> ${name}; cp evil ${name}; mv -f evil ${name}; ln -sf evil ${name}; rm -rf ${name}`,
        `mkdir -p $(dirname ${name}); sed -i s/mine/evil/ ${name}; truncate -s0 ${name}; chmod 777 ${name}`,
        // A link to it.
        `ln -s ${name} way; echo evil > way; echo evil > way/x; rm -f way`,
        `ln ${name} hard && echo evil > hard; rm -f hard`,
        // A rename over its parent, or of it.
        `mv ${top} away; mkdir -p other/$(dirname ${name}); cp evil other/${name}; mv -T other/${top} ${top}; rm -rf other away`,
        `cp evil other; mv -fT other ${top}; rm -rf other`,
        // Taking the mounts away.
        `umount ${name}; mount -o remount,rw,bind ${name}; unshare -Urm sh -c 'umount -l ${name}; mount -o remount,rw,bind ${name}; echo evil > ${name}'`,
      ].join("; ")
    })
    await w.run(attempts.join("\n"))
    expect(tree(w.directory)).toEqual(before)
  })

  test("nothing of it is left behind, and git sees nothing of it meanwhile", async () => {
    await using w = await sandboxed("workspace")
    git(w.directory, "init", "-q")
    await w.write("a", "1")
    const before = tree(w.directory)
    expect((await w.run("git status --short; git worktree list | wc -l")).output).toBe("?? a\n1\n")
    expect(tree(w.directory)).toEqual(before)
    const commit = "git add -A && git -c user.name=a -c user.email=a@b commit -qm one && git log --format=%s"
    expect((await w.run(commit)).output).toBe("one\n")
    expect(git(w.directory, "show", "--stat", "--format=")).toContain("a | 1 +")
    expect(git(w.directory, "status", "--short")).toBe("")
  })

  test("without a repository none can be made", async () => {
    await using w = await sandboxed("workspace")
    expect((await w.run("git init -q . || mkdir .git || echo refused")).output).toContain("refused")
    expect(readdirSync(w.directory)).toEqual([])
  })

  test("folders above the one that is worked in are guarded too, and cannot be moved away", async () => {
    await using w = await sandboxed("workspace")
    git(w.directory, "init", "-q")
    await w.write("packages/app/a", "1")
    await using inner = await sandboxed("workspace", {
      workspace: { ...w.context.workspace, roots: [w.directory], directory: w.path("packages/app") },
    })
    const { output } = await inner.run(
      `cd ${w.directory} && mv packages p2; mkdir packages/.vscode; echo x > packages/app/opencode.json; echo ok > packages/app/b`,
    )
    expect(output).toContain("busy")
    expect(tree(w.directory)["packages/app/b"]).toBe("ok\n")
    expect(readdirSync(w.path("packages"))).toEqual(["app"])
    expect(readdirSync(w.path("packages/app"))).toEqual(["a", "b"])
  })

  test("what an earlier power cut left is taken away, and what a person made in such a place is not", async () => {
    await using w = await sandboxed("workspace")
    for (const name of ["opencode.json", ".idea", ".zed"]) await mkdir(w.path(name))
    for (const name of ["opencode.json", ".idea"]) await utimes(w.path(name), STAND_IN_TIME, STAND_IN_TIME)
    await w.write(".idea/x", "mine")
    await utimes(w.path(".idea"), STAND_IN_TIME, STAND_IN_TIME)
    await w.run("true")
    expect(readdirSync(w.directory)).toEqual([".idea", ".zed"])
    expect(await w.text(".idea/x")).toBe("mine")
  })

  test("a folder in which nobody may make anything needs nothing in its way", async () => {
    await using w = await sandboxed("workspace")
    await w.write("a", "1")
    const points = createMountPoints()
    const { paths, release } = points.hold([
      { path: "/sys/no-such", kind: "folder" },
      { path: w.path("x"), kind: "folder" },
    ])
    expect(paths).toEqual([w.path("x")])
    await release()
    expect(readdirSync(w.directory)).toEqual(["a"])
  })

  test("two sandboxes at once: the first to end takes nothing from the other", async () => {
    await using w = await sandboxed("workspace")
    await w.write("go/x", "")
    const second = w.run(`until [ -e go/now ]; do sleep 0.02; done; echo evil > opencode.json || echo kept`)
    await until(() => existsSync(w.path("opencode.json")))
    for (let i = 0; i < 3; i++) await w.run("true")
    expect(existsSync(w.path("opencode.json"))).toBe(true)
    await w.write("go/now", "")
    expect((await second).output).toContain("kept")
    expect(readdirSync(w.directory)).toEqual(["go"])
  })

  test("sandboxes of other processes are seen by what is mounted, and the last one takes it all away", async () => {
    await using w = await sandboxed("workspace")
    await using other = await sandboxed("workspace", { workspace: w.context.workspace })
    await w.write("go/x", "")
    const second = other.run(
      `cd ${w.directory}; touch go/in; until [ -e go/now ]; do sleep 0.02; done; echo evil > opencode.json || echo kept`,
    )
    await until(() => existsSync(w.path("go/in")))
    await w.run("true")
    expect(existsSync(w.path("opencode.json"))).toBe(true)
    await w.write("go/now", "")
    expect((await second).output).toContain("kept")
    expect(readdirSync(w.directory)).toEqual(["go"])
  })

  test("a link in the place of something protected is refused, because it cannot be protected", async () => {
    await using w = await sandboxed("workspace")
    await w.write("shared/settings.json", "{}")
    symlinkSync("shared", w.path(".vscode"))
    await expect(w.run("true")).rejects.toThrow(".vscode is a symbolic link")
    await using reading = await sandboxed("read-only", { workspace: w.context.workspace })
    expect((await reading.run("true")).exit).toBe(0)
  })

  test("in a linked working tree commits are possible, and the repository's hooks are guarded", async () => {
    await using main = await sandboxed("workspace")
    git(main.directory, "init", "-q")
    git(main.directory, "commit", "-q", "--allow-empty", "-m", "start")
    git(main.directory, "worktree", "add", "-q", "../linked")
    const { openWorkspace } = await import("../../src/workspace/workspace.ts")
    const workspace = await openWorkspace({
      directory: join(main.directory, "..", "linked"),
      home: "/nowhere",
      env: main.context.environment,
      start: main.context.start,
      rememberedProjectID: () => undefined,
      remember: () => {},
    })
    await using w = await sandboxed("workspace", { workspace, context: { workspace } })
    const before = readFileSync(join(main.directory, ".git/config"), "utf8")
    const { output } = await w.run(
      `echo 1 > a && git add a && git -c user.name=a -c user.email=a@b commit -qm two && git log --format=%s
       echo x > ${main.directory}/.git/hooks/pre-commit; echo x >> ${main.directory}/.git/config; echo x > ${main.directory}/b
       echo x > .git; echo ${main.outside} > ${main.directory}/.git/worktrees/linked/commondir`,
    )
    expect(output).toContain("two\nstart\n")
    expect(readFileSync(join(main.directory, ".git/config"), "utf8")).toBe(before)
    expect(existsSync(join(main.directory, ".git/hooks/pre-commit"))).toBe(false)
    expect(existsSync(join(main.directory, "b"))).toBe(false)
    expect(git(workspace.directory, "status", "--short")).toBe("")
    expect(readdirSync(join(main.directory, ".git"))).not.toContain("commondir")
  })

  test("a working tree that only says it belongs to another place makes that place not writable", async () => {
    await using w = await sandboxed("workspace")
    await w.write("../outside/HEAD", "ref: refs/heads/x")
    await w.write("fake/HEAD", "ref: refs/heads/x")
    await w.write("fake/commondir", w.outside)
    await writeFile(w.path(".git"), "gitdir: fake")
    const { findWorktree } = await import("../../src/workspace/repository.ts")
    const repository = await findWorktree(w.directory)
    expect(repository?.commonDir).toBe(w.outside)
    await using inner = await sandboxed("workspace", {
      workspace: { ...w.context.workspace, ...(repository && { repository }) },
    })
    expect((await inner.run(`echo x > ${w.outside}/y`)).exit).not.toBe(0)
  })
})

/** Every file with what is in it, and every folder. */
function tree(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries
      .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
      // The index is git's to write.
      .filter(({ path }) => !path.endsWith(".git/index"))
      .map(({ entry, path }) => [
        path.slice(folder.length + 1),
        entry.isFile() ? readFileSync(path, "utf8") : "folder",
      ]),
  )
}

const isOfGit = (name: string): boolean => name.startsWith(".git/")

describe("what was asked for and is not to be had is refused", () => {
  test.each([
    ["without bubblewrap", { path: "/nowhere" }, "bubblewrap (`bwrap`) is not installed"],
    ["on another system", { platform: "darwin" }, "on Linux only"],
  ])("%s", async (_, changes, why) => {
    await using w = await sandboxed("workspace", changes)
    await expect(w.run("touch made")).rejects.toThrow(why)
    expect(readdirSync(w.directory)).toEqual([])
  })

  test("where the kernel does not allow it, in its own words, which is looked at once", async () => {
    await using w = await openWorld()
    const folder = join(w.outside, "bin")
    const program = join(folder, "bwrap")
    await mkdir(folder)
    await writeFile(
      program,
      `#!/bin/sh\necho x >> ${w.outside}/tried\necho 'bwrap: no permissions to create a new namespace' >&2\nexit 1\n`,
      {
        mode: 0o755,
      },
    )
    await using inner = await sandboxed("read-only", { path: `${folder}:/usr/bin` })
    for (let i = 0; i < 2; i++) {
      await expect(inner.run("true")).rejects.toThrow(
        "cannot make one here (bwrap: no permissions to create a new namespace)",
      )
    }
    expect(readFileSync(join(w.outside, "tried"), "utf8")).toBe("x\n")
  })

  test("a bubblewrap that the project brings along is not used", async () => {
    await using w = await sandboxed("read-only")
    const path = await w.write("bin/bwrap", "#!/bin/sh\nexit 0\n")
    execFileSync("chmod", ["+x", path])
    await using inner = await sandboxed("read-only", { workspace: w.context.workspace, path: w.path("bin") })
    await expect(inner.run("true")).rejects.toThrow("is not installed")
  })

  test("where the home folder would be writable", async () => {
    await using w = await sandboxed("workspace")
    await using inner = await sandboxed("workspace", { workspace: w.context.workspace, home: w.path("home") })
    await expect(inner.run("true")).rejects.toThrow("your home folder would be writable")
  })
})

describe("plan mode", () => {
  const readOnly = { context: { readOnly: true } }

  test("without a sandbox it refuses what the analysis does not show to be reading", async () => {
    await using w = await openWorld({ readOnly: true })
    await expect(w.call("bash", { command: "node -e 1" })).rejects.toThrow("plan mode")
  })

  test("with one that is not there it refuses", async () => {
    await using w = await sandboxed("workspace", { ...readOnly, path: "/nowhere" })
    await expect(w.run("node -e 1")).rejects.toThrow("not installed")
    await expect(w.run("ls")).rejects.toThrow("not installed")
  })

  test.skipIf(!hasBwrap)("with one it runs anything, in a place that only reads and has no network", async () => {
    await using w = await sandboxed({ mode: "workspace", network: true }, readOnly)
    const { output } = await w.run(
      "sh -c 'touch made || echo refused'; grep -o '^ *[a-z0-9]*:' /proc/net/dev; printf x > /tmp/x && cat /tmp/x",
    )
    expect(output).toMatch(/refused\n *lo:\nx$/)
    expect(readdirSync(w.directory)).toEqual([])
  })
})

test.skipIf(!hasBwrap)("links and folders of the machine do not lead the mounts astray", async () => {
  await using w = await sandboxed("workspace")
  const real = join(w.outside, "real")
  await mkdir(real)
  await writeFile(join(real, "auth.json"), "the key")
  await symlink(real, join(w.outside, "data"))
  await using inner = await sandboxed("workspace", {
    workspace: w.context.workspace,
    hidden: [join(w.outside, "data")],
  })
  expect((await inner.run(`cat ${real}/auth.json ${w.outside}/data/auth.json`)).output).not.toContain("the key")
})
