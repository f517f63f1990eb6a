import { execFileSync } from "node:child_process"
import { readFile, stat, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { describe, expect, test } from "vitest"
import { deferred } from "../../src/lib/deadline.ts"
import { defaultRules } from "../../src/permission/defaults.ts"
import { decide, rulesFromConfig } from "../../src/permission/rules.ts"
import { isRunning } from "../process/support.ts"
import { openWorld } from "./world.ts"

/** What the default rules and these leave open of a command: the permissions to ask for, or "deny". */
async function judged(w: Awaited<ReturnType<typeof openWorld>>, command: string, config: PermissionConfig = {}) {
  const { base } = defaultRules({ data: "/data", temp: "/nowhere", toolOutput: "/output" })
  const asks = await w.asks("bash", { command })
  const decision = decide(asks, { rulesets: [base, rulesFromConfig(config)], home: "/home/u" })
  return decision.type === "deny" ? "deny" : decision.type === "ask" ? decision.asks.map((ask) => ask.permission) : []
}

describe("running", () => {
  test("both outputs come in order, with the exit code", async () => {
    await using w = await openWorld()
    const result = await w.call("bash", { command: "echo one; echo two >&2; echo three" })
    expect(result).toEqual({
      title: "echo one; echo two >&2; echo three",
      output: "one\ntwo\nthree\n",
      metadata: { output: "one\ntwo\nthree\n", exit: 0, truncated: false },
    })
  })

  test("a failure is a result: its code is in the metadata and told to the model", async () => {
    await using w = await openWorld()
    const result = await w.call("bash", { command: "exit 3", description: "Fails on purpose" })
    expect(result).toMatchObject({ title: "exit 3", metadata: { exit: 3, description: "Fails on purpose" } })
    expect(result.output).toBe("<shell_metadata>\nCommand exited with code 3\n</shell_metadata>")
  })

  test("it runs in the workspace folder, or in the one given", async () => {
    await using w = await openWorld()
    await w.write("sub/x", "")
    expect((await w.call("bash", { command: "pwd" })).output).toBe(`${w.directory}\n`)
    expect((await w.call("bash", { command: "pwd", workdir: "sub" })).output).toBe(`${w.path("sub")}\n`)
    await expect(w.call("bash", { command: "pwd", workdir: "nowhere" })).rejects.toThrow("does not exist")
  })

  test("a command that reads its input gets the end of it", async () => {
    await using w = await openWorld()
    expect((await w.call("bash", { command: "cat; echo done" })).output).toBe("done\n")
  })

  test("the environment is the one that was given", async () => {
    await using w = await openWorld({ environment: { PATH: process.env["PATH"]!, COLOUR: "blue" } })
    expect((await w.call("bash", { command: 'echo "$COLOUR$HOME"' })).output).toBe("blue\n")
  })

  test("a command whose grandchild keeps the pipe open returns", async () => {
    await using w = await openWorld()
    const started = performance.now()
    const result = await w.call("bash", { command: "sleep 300 & echo started $!" })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(result.metadata["exit"]).toBe(0)
    const pid = Number(/started (\d+)/.exec(result.output)![1])
    expect(await isRunning(pid)).toBe(true)
  })

  test("what takes too long is ended with all its children, and says so", async () => {
    await using w = await openWorld()
    const result = await w.call("bash", { command: "sleep 300 & echo $!; wait", timeout: 300 })
    expect(result.metadata["exit"]).toBeNull()
    expect(result.output).toMatch(
      /^\d+\n\n<shell_metadata>\nshell tool terminated command after exceeding timeout 300 ms\. .*\n<\/shell_metadata>$/,
    )
    expect(await isRunning(Number.parseInt(result.output, 10))).toBe(false)
  })

  test("children that do not want to end are ended too", async () => {
    await using w = await openWorld()
    const result = await w.call("bash", { command: "(trap '' TERM; sleep 300 & echo $!; wait) & wait", timeout: 300 })
    expect(await isRunning(Number.parseInt(result.output, 10))).toBe(false)
  })

  test("the default timeout can be set", async () => {
    await using w = await openWorld({ commandTimeoutMs: 200 })
    expect((await w.call("bash", { command: "sleep 300" })).output).toContain("timeout 200 ms")
  })

  test("an abort keeps what was printed, and leaves no child", async () => {
    const abort = new AbortController()
    const printed = deferred<void>()
    await using w = await openWorld({
      signal: abort.signal,
      progress: ({ metadata }) => String(metadata?.["output"]).includes("\n") && printed.resolve(),
    })
    const running = w.call("bash", { command: "sleep 300 & echo $!; wait" })
    await printed.promise
    abort.abort()
    const result = await running
    expect(result.output).toMatch(/^\d+\n\n<shell_metadata>\nUser aborted the command\n<\/shell_metadata>$/)
    expect(result.metadata["exit"]).toBeNull()
    expect(await isRunning(Number.parseInt(result.output, 10))).toBe(false)
  })

  test.each([
    ["rm -rf .git", [".git"]],
    ["cp hook .git/hooks/pre-commit", [".git/hooks/pre-commit"]],
    ["echo x | tee -a .vscode/settings.json", [".vscode/settings.json"]],
    ["sed -i s/a/b/ .npmrc", [".npmrc"]],
    ["cd .husky && echo x > pre-push", [".husky/pre-push"]],
    ["echo x > .github/WORKFLOWS/ci.yml", [".github/WORKFLOWS/ci.yml"]],
    ["sed -n 1p .npmrc", []],
    ["cat .git/config", []],
    ["cd .git && ls", []],
    ["rm -rf dist && cat .npmrc", []],
    ["echo x > .opencode/plans/a.md", []],
  ])("%s asks for the files that decide what runs later: %j", async (command, patterns) => {
    await using w = await openWorld()
    const asks = await w.asks("bash", { command })
    const control = asks.filter(({ permission }) => permission === "control_file")
    expect(control.flatMap((ask) => ask.patterns)).toEqual(patterns)
    expect(asks.at(-1)!.permission).toBe("bash")
  })

  test("progress is shown while it runs, but not for every line", async () => {
    await using w = await openWorld()
    await w.call("bash", { command: "for i in $(seq 400); do echo $i; sleep 0.001; done" })
    const outputs = w.shown.map(({ metadata }) => String(metadata!["output"]))
    expect(outputs[0]).toBe("")
    expect(outputs.length).toBeGreaterThan(2)
    expect(outputs.length).toBeLessThan(100)
  })

  test("of long output the end is kept, and all of it in a private file", async () => {
    await using w = await openWorld()
    const { output, metadata } = await w.call("bash", { command: "seq 100000" })
    const saved = String(metadata["outputPath"])
    expect(output.startsWith(`...output truncated...\n\nFull output saved to: ${saved}\n\n`)).toBe(true)
    expect(output.endsWith("\n99999\n100000\n")).toBe(true)
    expect(Buffer.byteLength(output)).toBeLessThan(52_000)
    expect(Buffer.byteLength(String(metadata["output"]))).toBeLessThan(20_000)
    expect(metadata["truncated"]).toBe(true)
    expect((await readFile(saved, "utf8")).split("\n").length).toBe(100_001)
    expect((await stat(saved)).mode & 0o077).toBe(0)
  })
})

describe("asking", () => {
  test("each simple command is a pattern, with what always would allow", async () => {
    await using w = await openWorld()
    expect(await w.asks("bash", { command: "ls -la && git status" })).toMatchObject([
      {
        permission: "bash",
        patterns: ["ls -la", "git status"],
        always: ["ls *", "git status *"],
        metadata: { command: "ls -la && git status" },
      },
    ])
  })

  test("folders outside come first: of the command, of its arguments, of its redirects", async () => {
    await using w = await openWorld()
    const folder = `${w.outside}/*`
    const outside = { permission: "external_directory", patterns: [folder], always: [folder] }
    for (const raw of [
      { command: "make", workdir: w.outside },
      { command: `cat ${w.outside}/a.txt` },
      { command: "cat ../outside/a.txt" },
      { command: "cat ~/outside/*.txt" },
      { command: `echo x > ${w.outside}/a.txt` },
      { command: `(cd sub; true) | sort -o ${w.outside}/a.txt` },
    ]) {
      expect((await w.asks("bash", raw))[0], raw.command).toMatchObject(outside)
    }
    expect(
      (await w.asks("bash", { command: "cat src/a.txt /dev/null 2>/dev/null" })).map((ask) => ask.permission),
    ).toEqual(["read", "bash"])
    expect((await w.asks("bash", { command: "ls /proc" }))[0]!.permission).toBe("external_directory")
  })

  test.each([
    "X=@/a; cat $X",
    "D=@; cd $D && cat a",
    "cat @/../outs?de/a",
    "cat @/{a,b}",
    "cat ~root/.bashrc",
    "cat ~nobody/x",
    "env -C @ cat a",
    "make -C @",
    "make -C ../outside",
    "git -C @ status",
    "git --work-tree=@ status",
    "awk 1 @/a",
    "curl file://@/a",
    "curl -T @/a http://127.0.0.1:1",
    "cat $(echo @/a)",
    'cd "$(echo @)" && cat a',
    'cd "$FOLDER" && cat a',
    "for x in @/a @/b; do cat $x; done",
    "python @/y.py",
    "foo --x=@/a",
    "foo link/a",
    "cat link/../a",
    "cd link && cat a",
    "cat .*/a",
    "find @ -name a",
    "tar -xf a.tar -C @",
    "cp a @",
    "X=@/a; cat < $X",
    "X=@/a; echo x > $X",
    "cd inner/../..; cat a",
    `${"0123456789abcdefghijklmnopqr".replace(/./g, "cd $&; ")} cat a`,
  ])("what leads outside asks: %s", async (command) => {
    await using w = await openWorld()
    await w.write("a", "")
    await writeFile(join(w.outside, "a"), "")
    await symlink(w.outside, w.path("link"))
    await w.write("src/deep/x", "")
    await symlink(w.path("src/deep"), w.path("inner"))
    const asks = await w.asks("bash", { command: command.replaceAll("@", w.outside) })
    expect(asks[0]).toMatchObject({ permission: "external_directory" })
  })

  test.each([
    "cd src && cat a.txt",
    "npm test -- --grep foo",
    "awk '/foo/' src/a.txt",
    "sed -n /foo/p src/a.txt",
    "tr / _ < src/a.txt",
    "curl http://127.0.0.1:1/etc/passwd",
    'cd "$(git rev-parse --show-toplevel)" && ls',
    "for d in src b c e f g h i j k; do (cd $d && ls); done",
    "git log --oneline main..HEAD -- src",
    "ls 2>&1 > /dev/null | cat",
    "cat @/src/a.txt",
    "python - < src/a.txt",
  ])("what stays inside does not: %s", async (command) => {
    await using w = await openWorld()
    await w.write("src/a.txt", "")
    const asks = await w.asks("bash", { command: command.replaceAll("@", w.directory) })
    expect(asks.map(({ permission }) => permission)).not.toContain("external_directory")
  })

  test("a folder that only the running shell knows is asked for with its reason, and no lasting answer", async () => {
    await using w = await openWorld()
    expect((await w.asks("bash", { command: 'cd "$X" && ls' }))[0]).toMatchObject({
      permission: "external_directory",
      patterns: ["$X/*"],
      always: [],
      problems: ["where it goes to with $X is not known before it runs"],
    })
  })

  test.each([
    "cat .env",
    "cp .env y",
    "mv .env y",
    "ln .env y",
    "cat .en*",
    "cat .*",
    "cat ./.e?v",
    "cat .[a-z]nv",
    "cat *.env",
    "cat */.env",
    "cat {.env,x}",
    "head -5 .env",
    "grep X .env",
    "awk 1 .env",
    "sed p .env",
    "source .env",
    ". ./.env",
    "less .env",
    "base64 .env",
    "diff .env x",
    "sort < .env",
    "dd if=.env",
    "node .env",
    "node --env-file=.env x.js",
    "foo .en*",
    "curl -T .env http://127.0.0.1:1",
    "curl -F a=@.env http://127.0.0.1:1",
    "git diff --no-index .env x",
    "git show HEAD:.env",
    "F=.env; cat $F",
    "cd sub && cat .env",
    "tar cf - .env",
    "sh -c 'cat .env'",
    "echo a | tee x | cat .env -",
    `foo ${"x ".repeat(100)} .env`,
    "cat link",
  ])("the default rules ask before .env is read by %s", async (command) => {
    await using w = await openWorld()
    await w.write(".env", "A=1")
    await w.write("x.js", "")
    await w.write("sub/.env", "A=1")
    await symlink(w.path(".env"), w.path("link"))
    expect(await judged(w, command)).toContain("read")
  })

  test.each([
    ...["mytool -o /etc/new.conf", "mytool /etc/hostname", "cat $(echo /etc/hostname)", "awk 1 /etc/hostname"],
    ...["echo hostname | xargs -I{} cat /etc/{}", "CDPATH=/etc; cd ssh && cat x", "OLDPWD=/etc; cd - && cat hostname"],
    ...["echo $HOME | xargs -I{} cat {}/x", "X=$(echo ~); cat $X/x", "cd && echo x"],
  ])("what could lead outside is asked about: %s", async (command) => {
    await using w = await openWorld()
    expect(await judged(w, command)).toContain("external_directory")
  })

  test.each([
    "cat $SHARE/opencode/auth.json",
    'echo x > "${SHARE}/.bashrc"',
    "sh -c 'cat $SHARE/a'",
    "cp a.txt $BOTH",
    "cat $NOTHING/etc/passwd",
    "cat $1/etc/passwd",
    "cat $@/etc/passwd",
    "cat $SHARE/a; SHARE=.",
    "echo $SHARE/passwd | xargs cat",
  ])("what the environment makes of a path counts: %s", async (command) => {
    await using w = await openWorld({ environment: { PATH: process.env["PATH"]!, SHARE: "/etc", BOTH: "b /etc" } })
    expect(await judged(w, command)).toContain("external_directory")
  })

  test.each([
    'echo "$SHARE" $PATH',
    "echo $HOME; echo ~",
    "echo share=$SHARE | tr : x",
    "export PATH=$PATH:./bin",
    "PATH=./bin:$PATH node --version",
    "while read -r name; do cat $name/a; done < a.txt",
    "cat $HERE/a.txt",
    "mkdir -p out && ls $_",
    "diff <(cat a.txt) <(sort a.txt)",
    "awk '{print $1/2}' a.txt",
  ])("variables ask nothing where they lead nowhere: %s", async (command) => {
    await using w = await openWorld({
      environment: { PATH: process.env["PATH"]!, SHARE: "/etc", HERE: "sub", _: "/bin/x" },
    })
    await w.write("a.txt", "")
    expect(await judged(w, command)).not.toContain("external_directory")
  })

  test.each([
    "cat src/a.txt",
    "cat *",
    "cat .eslintrc* .env.example",
    "ls -la .env",
    "echo .env",
    "test -f .env",
    "rm .env",
    "grep .env src/a.txt",
    "find . -name .env",
    "npm test env",
    "cp src/a.txt .env",
    'echo "/api/users"',
    "npm test -- --grep /users/",
    "docker run -v /app-data:/data image",
    "curl -s localhost:3000/api/users",
  ])("ordinary commands ask nothing by default: %s", async (command) => {
    await using w = await openWorld()
    await w.write(".env", "A=1")
    await w.write(".env.example", "A=1")
    await w.write("src/a.txt", "")
    expect(await judged(w, command)).toEqual([])
  })

  test.each([
    "cp x f",
    "cp x .",
    "cp -t . x/f",
    "mv x f",
    "mv f x",
    "rm f",
    "rm -rf sub",
    "rm *",
    "rm s*/f",
    "tee f",
    "sort -o f x",
    "sed -i p f",
    "sed -n 'w f' x",
    "dd of=f",
    "touch f",
    "truncate -s 0 f",
    "ln -s x f",
    "install x f",
    "echo > f",
    "curl -o f http://127.0.0.1:1",
    "cd sub && tee f",
    "X=f; rm $X",
    "patch f x",
  ])("rules for edit hold for %s", async (command) => {
    await using w = await openWorld()
    await w.write("f", "")
    await w.write("sub/f", "")
    expect(await judged(w, command)).toEqual([])
    expect(await judged(w, command, { edit: "deny" })).toBe("deny")
    const files = { "*": "allow", f: "deny", "*/f": "deny", "sub/*": "deny" } as const
    if (command !== "cp x ." && command !== "sed -n 'w f' x")
      expect(await judged(w, command, { edit: files })).toBe("deny")
    expect(await judged(w, "cat f; ls sub", { edit: "deny" })).toEqual([])
  })

  test("a redirect asks like the tool that does the same", async () => {
    await using w = await openWorld()
    expect(await w.asks("bash", { command: "sort < .env > out.txt" })).toMatchObject([
      { permission: "read", patterns: [".env"] },
      { permission: "edit", patterns: ["out.txt"] },
      { permission: "bash" },
    ])
  })

  test("what cannot be analysed has its reasons with it, and no lasting answer", async () => {
    await using w = await openWorld()
    for (const command of ['"$PROGRAM" x', "echo 'unclosed", 'cat "$FILE"']) {
      const ask = (await w.asks("bash", { command })).at(-1)!
      expect(ask.problems?.length, command).toBeGreaterThan(0)
      expect(ask.always, command).toEqual([])
    }
  })

  test("who may only read sees a difference without running what the repository names", async () => {
    await using w = await openWorld({ readOnly: true })
    const git = (...args: string[]) =>
      execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@b.c", ...args], { cwd: w.directory })
    git("init", "-q")
    await w.write("a", "one\n")
    await w.write(".gitattributes", "a diff=x filter=x\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    for (const key of ["diff.x.textconv", "diff.x.command", "filter.x.clean"])
      git("config", key, `touch ${w.path("ran")}; cat`)
    await w.write("a", "two\n")
    expect((await w.call("bash", { command: "git diff && git status --short" })).output).toMatch(
      /-one\n\+two\n[^]* M a\n$/,
    )
    await expect(stat(w.path("ran"))).rejects.toThrow("ENOENT")
  })

  test("who may only read is refused before any question, and hears why", async () => {
    await using w = await openWorld({ readOnly: true })
    await expect(w.asks("bash", { command: "touch made" })).rejects.toThrow("only reads")
    await expect(w.asks("bash", { command: "ls > made" })).rejects.toThrow("it writes to made")
    expect(await w.asks("bash", { command: "git log --oneline" })).toMatchObject([{ permission: "bash" }])
  })
})
