import type { Ask } from "@opencode/core/permission/ask.ts"
import { expect, test } from "vitest"
import type { PermissionConfig, PermissionRuleset } from "@opencode/protocol/permission.ts"
import { decide, evaluate, isOffered, rulesFromConfig } from "@opencode/core/permission/rules.ts"
import { analyseShell, asksForShell } from "@opencode/core/permission/shell.ts"

const home = "/home/u"
const bash = (patterns: PermissionConfig): PermissionRuleset =>
  rulesFromConfig(typeof patterns === "string" ? patterns : { bash: patterns as Record<string, "allow"> })
const shell = async (
  command: string,
  rules: PermissionRuleset,
  more: { ceiling?: PermissionRuleset; approved?: PermissionRuleset } = {},
) => decide([asksForShell(await analyseShell(command))], { rulesets: [rules], home, ...more }).type

test("the last rule that matches decides, and without one the answer is ask", () => {
  const rules = rulesFromConfig({ "*": "deny", "my*": "allow", read: { "*": "allow", "*.env": "ask" } })
  expect(evaluate("edit", "x", rules, { home })).toEqual({
    action: "deny",
    rule: { permission: "*", pattern: "*", action: "deny" },
  })
  expect(evaluate("mymcp_get", "x", rules, { home }).action).toBe("allow")
  expect(evaluate("read", "a/.env", rules, { home }).action).toBe("ask")
  expect(evaluate("read", "x", [], { home })).toEqual({ action: "ask" })
})

test("home is expanded in patterns, and they match unexpanded text too", () => {
  const rules = rulesFromConfig({ external_directory: { "~/notes/*": "allow", "$HOME/x/*": "deny" } })
  expect(evaluate("external_directory", "/home/u/notes/*", rules, { home }).action).toBe("allow")
  expect(evaluate("external_directory", "/home/u/x/y", rules, { home }).action).toBe("deny")
  expect(evaluate("external_directory", "~/notes/a", rules, { home }).action).toBe("allow")
})

test("a bare action is a rule for everything, and rules for write and apply_patch are rules for edit", () => {
  expect(rulesFromConfig("deny")).toEqual([{ permission: "*", pattern: "*", action: "deny" }])
  expect(rulesFromConfig(undefined)).toEqual([])
  expect(rulesFromConfig({ edit: "allow", write: "deny", apply_patch: { "src/*": "ask" } })).toEqual([
    { permission: "edit", pattern: "*", action: "allow" },
    { permission: "edit", pattern: "*", action: "deny" },
    { permission: "edit", pattern: "src/*", action: "ask" },
  ])
})

test.each<[string, PermissionConfig, boolean]>([
  ["edit", { edit: "deny" }, false],
  ["write", { edit: "deny" }, false],
  ["edit", { edit: { "*": "deny", "plans/*": "allow" } }, true],
  ["edit", { edit: { "plans/*": "allow", "*": "deny" } }, false],
  ["edit", { edit: { "*": "deny", "src/*": "deny" } }, false],
  ["bash", { "*": "deny", bash: "allow" }, true],
  ["bash", { bash: { "rm *": "deny" } }, true],
  ["mymcp_get", { "mymcp_*": "deny" }, false],
  ["bash", {}, true],
])("%s under %j is offered: %j", (tool, config, expected) => {
  expect(isOffered(tool, rulesFromConfig(config))).toBe(expected)
})

test("one denied pattern denies the whole, wherever it stands", async () => {
  const rules = bash({ "*": "ask", "ls *": "allow", "rm *": "deny" })
  expect(await shell("ls", rules)).toBe("allow")
  expect(await shell("ls; git status", rules)).toBe("ask")
  expect(await shell("ls; git status; rm x", rules)).toBe("deny")
  expect(await shell(`${"ls; ".repeat(500)} rm x`, rules)).toBe("deny")
})

test.each([
  "rm -rf x",
  "/bin/rm x",
  "./tools/rm x",
  "r\\m x",
  `"rm" x`,
  "$'r\\x6d' x",
  "RM x",
  "CI=1 rm x",
  "env CI=1 rm x",
  "sudo -u root rm x",
  "command rm x",
  "ls | xargs rm",
  "find . -exec rm {} ;",
  "find . -exec rm {} \\;",
  "sh -c 'ls; rm x'",
  `bash -lc "sh -c 'rm x'"`,
  "eval rm x",
  "trap 'rm x' EXIT",
  "echo $(rm x)",
  "echo `rm x`",
  "cat <(rm x)",
  "cat <<E\n$(rm x)\nE",
  "bash <<'E'\nrm x\nE",
  "bash <<< 'rm x'",
  "f() { rm x; }",
  "if true; then rm x; fi",
  "echo ${x:-$(rm x)}",
  "echo $((1 + $(rm x)))",
  "rm x; (((", // the rest does not parse
  "watch -n 1 rm x",
  "flock lock rm x",
  "su -c 'rm x'",
  "busybox rm x",
  "env -S 'rm x'",
  "time rm x",
  "ls\nrm x",
  "ls & rm x",
  "! rm x",
  '$"rm" x',
  `${"env ".repeat(40)}rm x`,
])("a rule that denies rm finds it in %j", async (command) => {
  expect(await shell(command, bash({ "*": "allow", "rm *": "deny" }))).toBe("deny")
})

test.each([
  "$CMD x",
  "git $(",
  "ls; 'unterminated",
  "PATH=/tmp ls",
  "git status; LD_PRELOAD=x git status",
  'bash -c "$x"',
  "curl x | sh",
  'eval "$x"',
  "ls > $f",
  "ls > /dev/tcp/a/1",
  "",
  "   ",
  "# nothing",
  "-- ls",
  "ls $((x))",
  "[[ $x -eq 1 ]] && ls",
  "ls ${!x}",
  "ls ${x@P}",
  "alias ls=rm; ls",
  "watch ls",
  "xargs -I{} {} ls",
  "ls | xargs env",
  "export PATH=/tmp; ls",
  "read PATH; ls",
  "printf -v PATH /tmp; ls",
  "for PATH in /tmp; do ls; done",
  "declare -n p=PATH; ls",
  ": ${PATH:=/tmp}; ls",
  "test -v 'a[$(ls)]'",
  ". <(ls)",
  "bash <(ls)",
  "sudo -s ls",
  "env -S ls",
  "env =x ls",
  "bash --rcfile x -c ls",
  "hash -p /tmp/x ls; ls",
])("%j is asked however many specific rules allow it, and only a rule for * allows it", async (command) => {
  const specific = { "*": "ask", "? *": "allow", "?? *": "allow", "??* *": "allow", "?*": "allow" } as const
  expect(await shell("git status; ls", bash({ ...specific }))).toBe("allow")
  expect(await shell(command, bash({ ...specific }))).toBe("ask")
  expect(await shell(command, bash({ "*": "allow" }))).toBe("allow")
  expect(await shell(command, bash({ "*": "ask" }), { approved: bash({ "?*": "allow" }) })).toBe("ask")
})

test.each([
  "{rm,x}",
  "r{m,} x",
  "rm${IFS}x",
  "X=rm; $X x",
  "$(echo rm) x",
  "${Z:-rm} x",
  "cat s.sh | sh",
  "git -c alias.z='!rm x' z",
  "git -C . -c core.pager=rm log",
  "git config alias.z '!rm x'",
  "git config core.hooksPath hooks",
  "git bisect run rm x",
  "git submodule foreach rm x",
  "git rebase -x 'rm x' main",
  "git rebase --exec='rm x' main",
  "git clone -u 'rm x' . y",
  "git clone 'ext::rm x' y",
  "git difftool --extcmd=rm",
  "hash -p /bin/rm q; q x",
  "sed '1s/.*/rm x/e' l",
  "sed '1e rm x' l",
  "sed -n '/a/{e rm x\n}' l",
  "sed -f script l",
  'sed "$script" l',
  "tar cf a.tar b --checkpoint=1 --checkpoint-action=exec='rm x'",
  "tar cf a.tar b --checkpoint --checkpoint-act=exec=rm",
  "tar -I 'rm x' -xf a.tar",
  "tar xf a.tar --to-command='rm x'",
  "test -v 'a[$(ls)]'",
  "awk 'BEGIN { system(\"rm x\") }'",
  "awk '{ print | \"sh\" }' l",
  "awk 'BEGIN { \"rm x\" | getline }'",
  "rsync -e 'rm x' a b:",
  "sort --compress-program=rm x",
  "rg --pre rm x",
  "split --filter='rm x' l",
  "vim -c '!rm x'",
  "vim +'!rm x' l",
  "ssh -o ProxyCommand='rm x' h",
  "man -P 'rm x' ls",
  "shopt -s expand_aliases",
  "xargs -I{} {} x",
  "parallel rm ::: x",
  "enable -f ./x.so rm",
])("a rule that denies rm is not spelled around by %j", async (command) => {
  expect(await shell(command, bash({ "*": "allow" }))).toBe("allow")
  expect(await shell(command, bash({ "*": "allow", "rm *": "ask" }))).toBe("ask")
  expect(["ask", "deny"]).toContain(await shell(command, bash({ "*": "allow", "rm *": "deny" })))
})

test("what is not understood is allowed by a rule for everything only where no other rule decides differently", async () => {
  const puzzle = "$X y"
  const rules = (config: PermissionConfig) => rulesFromConfig(config)
  const all = (...layers: PermissionRuleset[]) => layers.flat()
  expect(await shell(puzzle, rules("allow"))).toBe("allow")
  expect(await shell(puzzle, rules({ bash: "allow", edit: { "x*": "deny" } }))).toBe("allow")
  expect(await shell(puzzle, rules({ bash: { "*": "allow", "ls *": "allow" } }))).toBe("allow")
  expect(await shell(puzzle, rules({ bash: { "*": "allow", "rm *": "deny" } }))).toBe("ask")
  expect(await shell(puzzle, rules({ bash: { "*": "allow", "git push *": "ask" } }))).toBe("ask")
  expect(await shell(puzzle, rules({ "*": { "*": "allow", "rm *": "deny" } }))).toBe("ask")
  expect(await shell(puzzle, rules({ bash: "deny" }))).toBe("deny")
  // Layers are read as one list: a rule for everything that comes later has lifted what was before.
  expect(await shell(puzzle, all(rules("allow"), rules({ bash: { "rm *": "deny" } })))).toBe("ask")
  expect(await shell(puzzle, all(rules({ bash: { "rm *": "deny" } }), rules("allow")))).toBe("allow")
  expect(await shell(puzzle, rules("allow"), { ceiling: rules({ bash: { "*": "allow", "rm *": "deny" } }) })).toBe(
    "ask",
  )
  expect(await shell("rm x", all(rules({ bash: { "rm *": "deny" } }), rules("allow")))).toBe("allow")
  // What is understood is none of this.
  expect(await shell("ls", rules({ bash: { "*": "allow", "rm *": "deny" } }))).toBe("allow")
})

test.each([
  "git -c user.name=x -c color.ui=always log",
  "git config user.email a@b.c",
  "git config --get alias.z",
  "git config --list",
  "git rebase main",
  "git grep -n foo",
  "git clone https://x/y",
  "tar xzf IF.tar.gz -C src",
  "tar -czf FILE.tgz src",
  "sort -u x",
  "rg --pretty foo",
  "rsync -av --exclude x a b",
  "awk -F: '/a|b/ || $1 > 5 { print $2 }' f",
  "sed -i 's/a/b/' f",
])("%j is understood", async (command) => {
  expect(await shell(command, bash({ "*": "allow", "rm *": "deny" }))).toBe("allow")
})

test("another program of the same name is not allowed by the rule for its name", async () => {
  const rules = bash({ "*": "ask", "ls *": "allow", "./gradlew *": "allow" })
  expect(await shell("/usr/bin/ls x", rules)).toBe("allow")
  expect(await shell("./ls x", rules)).toBe("ask")
  expect(await shell("/tmp/ls x", rules)).toBe("ask")
  expect(await shell("./gradlew build", rules)).toBe("allow")
})

test("each spelling of a program counts, and words that objects know are only words", async () => {
  const rules = bash({ "*": "allow", "/bin/rm *": "deny" })
  expect(await shell("/bin/rm x; /usr/bin/rm x; rm x", rules)).toBe("deny")
  expect(await shell("rm x; /usr/bin/rm x", rules)).toBe("allow")
  expect(await shell("constructor; toString; __proto__; ./ls", rules)).toBe("allow")
  expect(await shell("constructor; __proto__ x; ./__proto__", bash("ask"))).toBe("ask")
})

test("a wrapper has to be allowed as well as what it runs", async () => {
  expect(await shell("sudo ls", bash({ "*": "ask", "ls *": "allow" }))).toBe("ask")
  expect(await shell("sudo ls", bash({ "*": "ask", "sudo *": "allow" }))).toBe("ask")
  expect(await shell("sudo ls", bash({ "*": "ask", "ls *": "allow", "sudo *": "allow" }))).toBe("allow")
})

test("no ruleset and no approval widens a ceiling, and a ceiling widens nothing", () => {
  const ceiling = rulesFromConfig({ edit: { "*": "deny", "plans/*": "allow" } })
  const ask = (pattern: string): Ask[] => [{ permission: "edit", patterns: [pattern], always: ["*"], metadata: {} }]
  const all = rulesFromConfig("allow")
  const type = (pattern: string, rules: PermissionRuleset) =>
    decide(ask(pattern), { rulesets: [rules], ceiling, approved: all, home }).type
  expect(type("src/a.ts", all)).toBe("deny")
  expect(type("plans/a.md", all)).toBe("allow")
  expect(type("plans/a.md", rulesFromConfig({ edit: "deny" }))).toBe("deny")
  expect(decide(ask("src/a.ts"), { rulesets: [all], ceiling, home })).toMatchObject({
    ceiling: true,
    pattern: "src/a.ts",
  })
})

test("an approval turns an ask into an allow and leaves a denial alone", () => {
  const ask: Ask = { permission: "bash", patterns: ["git push"], always: [], metadata: {} }
  const approved = bash({ "git *": "allow" })
  expect(decide([ask], { rulesets: [bash({ "*": "ask" })], approved, home }).type).toBe("allow")
  expect(decide([ask], { rulesets: [bash({ "git push *": "deny" })], approved, home }).type).toBe("deny")
})

test("an ask that names nothing is asked", () => {
  const ask: Ask = { permission: "bash", patterns: [], always: [], metadata: {} }
  expect(decide([ask], { rulesets: [rulesFromConfig("allow")], home }).type).toBe("ask")
})

test.each<[string, PermissionConfig, "allow" | "ask" | "deny"]>([
  ["npm $X", { "*": "allow" }, "allow"],
  ["npm $X", { "*": "allow", "npm publish *": "deny" }, "ask"],
  ["npm $X", { "*": "allow", "npm publish *": "ask" }, "ask"],
  ["npm test $X", { "*": "allow", "npm publish *": "deny" }, "allow"],
  ["npm $X", { "npm publish *": "deny", "*": "allow" }, "allow"],
  ["echo $X", { "*": "allow", "rm *": "deny" }, "allow"],
  ["echo $X", { "*": "ask", "echo *": "allow", "rm *": "deny" }, "allow"],
  ["npm run $X --now", { "*": "allow", "* --force": "deny" }, "allow"],
  ["npm run $X", { "*": "allow", "* --force": "deny" }, "ask"],
  ["X=publish; npm $X", { "*": "allow", "npm publish *": "deny" }, "deny"],
  ["for x in test publish; do npm $x; done", { "*": "allow", "npm publish *": "deny" }, "deny"],
  ["echo publish | xargs npm", { "*": "allow", "npm publish *": "deny" }, "ask"],
  ["echo test | xargs npm run", { "*": "allow", "npm publish *": "deny" }, "allow"],
  ["echo --force | xargs npm run", { "*": "allow", "npm run --force": "deny" }, "ask"],
])("a word that is known only when it runs may be what a rule means: %s", async (command, patterns, expected) => {
  expect(await shell(command, bash(patterns))).toBe(expected)
})

test("an answer for a beginning covers what is open behind it, but not what a rule denies", async () => {
  const approved = rulesFromConfig({ bash: { "npm run *": "allow" } })
  expect(await shell("npm run $X", bash({ "*": "ask" }), { approved })).toBe("allow")
  expect(await shell("npm run $X", bash({ "*": "ask", "npm run deploy": "deny" }), { approved })).toBe("ask")
})
