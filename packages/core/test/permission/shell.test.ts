import fc from "fast-check"
import { cpuMs } from "@opencode/testing/effort.ts"
import { expect, test } from "vitest"
import { matches } from "@opencode/core/permission/wildcard.ts"
import { analyseShell, asksForShell } from "@opencode/core/permission/shell.ts"
import { pathsOf } from "@opencode/core/permission/shell-paths.ts"

test.each<[string, string[]]>([
  ["ls", ["ls"]],
  ["ls -la && git status", ["ls -la", "git status"]],
  ["git diff --", ["git diff --"]],
  ["git  status\t-s", ["git status -s"]],
  ["CI=1 git push", ["git push"]],
  ["A=1 B=2 npm test", ["npm test"]],
  ["r\\m -rf x", ["rm -rf x"]],
  ["'rm' \"-rf\" x", ["rm -rf x"]],
  ["$'\\x72m' x", ["rm x"]],
  ["r\\\nm x", ["rm x"]],
  ["/bin/rm x", ["rm x"]],
  ["/usr/local/bin/node x.js", ["node x.js"]],
  ["./bin/rm x", ["./bin/rm x"]],
  ["echo 'a b'", [`echo "a b"`]],
  [`echo "it's"`, [`echo "it's"`]],
  [`echo '$x "y"'`, [`echo '$x "y"'`]],
  ["echo ''", [`echo ""`]],
  ["echo *.ts", ["echo *.ts"]],
  ["find . -name '*.ts'", [`find . -name "*.ts"`]],
  ["echo $x", ["echo $x"]],
  [`echo "$x"`, ["echo $x"]],
  [`echo "a $x"`, [`echo "a $x"`]],
  ["git show HEAD~1:a.ts stash@{0} a^ x=1", ["git show HEAD~1:a.ts stash@{0} a^ x=1"]],
  ["a; b & c | d || e", ["a", "b", "c", "d", "e"]],
  ["a\nb", ["a", "b"]],
  ["a |& b", ["a", "b"]],
  ["! a", ["a"]],
  ["time -p a", ["a"]],
  ["(a; b)", ["a", "b"]],
  ["{ a; b; }", ["a", "b"]],
  ["if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]],
  ["while a; do b; done", ["a", "b"]],
  ["until a; do b; done", ["a", "b"]],
  ["for i in $(a); do b $i; done", ["a", "b $i"]],
  ["for ((i=0;i<3;i++)); do a; done", ["a"]],
  ["case $(a) in x) b;; y) c;; esac", ["a", "b", "c"]],
  ["select x in a; do b; done", ["b"]],
  ["f() { a; }; f", ["a", "f"]],
  ["function f { a; }", ["a"]],
  ["coproc a b", ["a b"]],
  ["[[ -f $(a) ]] && b", ["a", "b"]],
  ["[ -f x ]", ["[ -f x ]"]],
  ["echo $(a $(b))", ["echo $(a $(b))", "a $(b)", "b"]],
  ["echo `a`", ["echo `a`", "a"]],
  ["diff <(a) >(b)", ["diff <(a) >(b)", "a", "b"]],
  ["x=$(a)", ["a"]],
  ["x=(1 $(a))", ["a"]],
  ["echo ${x:-$(a)}", ["echo ${x:-$(a)}", "a"]],
  ["echo $((1 + $(a)))", ["echo $((1 + $(a)))", "a"]],
  ["echo {1,$(a)}", ["echo {1,$(a)}", "a"]],
  ["cat <<E\n$(a) `b`\nE", ["cat", "a", "b"]],
  ["cat <<'E'\n$(a)\nE", ["cat"]],
  ["cat <<< $(a)", ["cat", "a"]],
  ["a > $(b)", ["a", "b"]],
  ["echo '$(a)' \"\\$(a)\" # $(a)", [`echo '$(a)' '$(a)'`]],
  ["env A=1 a b", ["env A=1 a b", "a b"]],
  ["env -i -u X -- a", ["env -i -u X -- a", "a"]],
  ["sudo -u bob -- a b", ["sudo -u bob -- a b", "a b"]],
  ["sudo env nice -n 5 a", ["sudo env nice -n 5 a", "env nice -n 5 a", "nice -n 5 a", "a"]],
  ["timeout -k 5 10 a", ["timeout -k 5 10 a", "a"]],
  ["timeout --signal=KILL 10 a", ["timeout --signal=KILL 10 a", "a"]],
  ["nohup a", ["nohup a", "a"]],
  ["command a", ["command a", "a"]],
  ["command -v a", ["command -v a"]],
  ["exec -a x a b", ["exec -a x a b", "a b"]],
  ["setsid -f a", ["setsid -f a", "a"]],
  ["stdbuf -oL a", ["stdbuf -oL a", "a"]],
  ["b | xargs -0 -n 1 -I{} a {}", ["b", "xargs -0 -n 1 -I{} a {}", "a {}"]],
  ["xargs --max-args=2 a", ["xargs --max-args=2 a", "a"]],
  ["find . -exec a {} \\; -o -execdir b {} +", [`find . -exec a {} ";" -o -execdir b {} +`, "a {}", "b {}"]],
  ["sh -c 'a; b'", [`sh -c "a; b"`, "a", "b"]],
  ["bash -euo pipefail -c 'a' x", ["bash -euo pipefail -c a x", "a"]],
  ["/bin/sh -c a", ["sh -c a", "a"]],
  [`bash -c "bash -c 'a b'"`, [`bash -c "bash -c 'a b'"`, `bash -c "a b"`, "a b"]],
  ["bash <<'E'\na\nE", ["bash", "a"]],
  ["bash <<< 'a b'", ["bash", "a b"]],
  ["eval a 'b; c'", [`eval a "b; c"`, "a b", "c"]],
  ["trap 'a' EXIT", ["trap a EXIT", "a"]],
  ["python -c 'import os'", [`python -c "import os"`]],
  ["node -e 'x()'", [`node -e "x()"`]],
  ["awk 'BEGIN{system(\"a\")}'", [`awk 'BEGIN{system("a")}'`]],
  ["export X=1", ["export X=1"]],
  ["a >out 2>&1 <in", ["a"]],
])("%j runs %j", async (command, texts) => {
  const found = await analyseShell(command)
  expect(found.commands.map((it) => it.text)).toEqual(texts)
})

test.each([
  ["ls -la", "ls *"],
  ["git status -s", "git status *"],
  ["git", "git"],
  ["git -C ../x log -1", "git -C ../x log *"],
  ["git --exec-path=x log", "git --exec-path=x log"],
  ["git remote add o x", "git remote add *"],
  ["npm run x -- --y", "npm run x *"],
  ["npm run", "npm run"],
  ["npm --prefix x run y", "npm --prefix x run y"],
  ["npm install x", "npm install *"],
  ["docker compose up -d", "docker compose up *"],
  ["python -m pytest x", "python -m pytest *"],
  ["python a.py b", "python a.py *"],
  ["python -c 'x()'", 'python -c "x()"'],
  ["node -e '1*2'", 'node -e "1?2"'],
  ["bash a.sh b", "bash a.sh *"],
  ["bash -c 'ls'", "bash -c ls"],
  ["sudo -u bob ls x", "sudo -u bob ls *"],
  ["sudo env A=1 git push o", "sudo env A=1 git push *"],
  ["timeout 5 npm run x y", "timeout 5 npm run x *"],
  ["sudo", "sudo"],
  ["xargs rm -f", "xargs rm *"],
  ["./gradlew build", "./gradlew build *"],
  ["/usr/bin/git push o", "git push *"],
  ["git '*' x", `git "?" *`],
])("always allowing %j allows %j", async (command, prefix) => {
  const found = await analyseShell(command)
  expect(found.commands[0]?.prefix).toBe(prefix)
  expect(matches(prefix, found.commands[0]?.text ?? "")).toBe(true)
})

test.each<[string, string[]]>([
  ["a > x", ["write x"]],
  ["a >> x 2> y", ["write x", "write y"]],
  ["a &> x", ["write x"]],
  ["a >& x", ["write x"]],
  ["a >| x", ["write x"]],
  ["a < x", ["read x"]],
  ["a <> x", ["read x", "write x"]],
  ["{ a; } > x", ["write x"]],
  ["(a) > x", ["write x"]],
  ["while a; do b; done < x > y", ["read x", "write y"]],
  ["> x", ["write x"]],
  ["a > ~/.ssh/config", ["write ~/.ssh/config"]],
  ["a > $HOME/x", ["write ~/x"]],
  ['a > "${HOME}/x y"', ["write ~/x y"]],
  ["a > '~/x'", ["write ./~/x"]],
  ["a > 'x y'", ["write x y"]],
  ["a > /dev/null 2>&1 >&2 <&3 >&-", []],
  ["sh -c 'a > x'", ["write x"]],
  ["exec 3> x", ["write x"]],
  ["echo $(a > x)", ["write x"]],
])("the shell opens for %j: %j", async (command, files) => {
  const found = await analyseShell(command)
  expect(found.redirects.map((it) => `${it.access} ${it.path}`)).toEqual(files)
})

test.each(["a > $x", "a > *.ts", "a > {x,y}", "a > ~root/x", "a > $(b)", "a >& $x", "a > $HOMEx", "a > ''"])(
  "a redirect whose target is not known is a problem: %j",
  async (command) => {
    expect((await analyseShell(command)).problems).not.toEqual([])
  },
)

test.each<[string, string[], string[]]>([
  ["rm -rf a ../b", ["a", "../b"], []],
  ["rm -- -a", ["-a"], []],
  ["cp -t /etc a b", ["/etc", "a", "b"], []],
  ["cp --target-directory=/etc a", ["/etc", "a"], []],
  ["cp -t/etc a", ["/etc", "a"], []],
  ["mv 'a b' ~/x", ["a b", "~/x"], []],
  ["chmod +x a", ["a"], []],
  ["chmod -R 755 /x", ["/x"], []],
  ["chown me:me a", ["a"], []],
  ["ln -s /etc/passwd x", ["/etc/passwd", "x"], []],
  ["cd ..", [".."], []],
  ["cd", ["~"], []],
  ["cat < x /etc/hosts", ["/etc/hosts"], []],
  ["tee -a x y", ["x", "y"], []],
  ["mkdir -p -m 700 a", ["a"], []],
  ["touch $HOME/x", ["~/x"], []],
  ["rm $x", [], ["$x"]],
  ["rm ../*.ts", ["../*.ts", "../"], []],
  ["rm ../*/x", ["../*/x", "../"], ["../*/x"]],
  ["rm .?*", [".?*", ".."], [".?*"]],
  ["rm {a,../b}", ["a", "../b"], ["{a,../b}"]],
  ["rm ~root/x", ["/root/x"], ["~root/x"]],
  ["rm ~bob/x", ["~/../bob/x"], ["~bob/x"]],
  ["rm ~+/x", ["./x"], ["~+/x"]],
  ["cat /e?c/hostname", ["/e?c/hostname", "/"], ["/e?c/hostname"]],
  ["cat /etc/host{name,'s'}", ["/etc/hostname", "/etc/hosts"], ["/etc/host{name,'s'}"]],
  ["cat {/etc/{a,b},c}", ["/etc/a", "/etc/b", "c"], ["{/etc/{a,b},c}"]],
  ["cat /x{1..3}", ["/x*", "/"], ["/x{1..3}"]],
  ["cat /etc/$X", ["/etc/"], ["/etc/$X"]],
  ["cat ${X:-/etc/a}", ["/etc/a"], ["${X:-/etc/a}"]],
  ['cat "$PWD/a"', ["./a"], ["$PWD/a"]],
  ["env -C /etc cat a", ["/etc", "a"], []],
  ["make -C /etc", ["/etc"], []],
  ["make -C/etc", ["/etc"], []],
  ["make --directory=/etc", ["/etc"], []],
  ["git -C /etc status", ["/etc"], []],
  ["git -C ../x --work-tree=/y status", ["../x", "/y"], []],
  ["npm --prefix ~/x test", ["~/x"], []],
  ["awk 1 /etc/a", ["/etc/a"], []],
  ["awk '/foo/ { print }' a", ["a"], []],
  ["sed /foo/d a", ["a"], []],
  ["sed -n -e '/a/w /x' -e 'r /y' b", ["/y", "b", "/x"], []],
  ["grep /foo/ a", ["a"], []],
  ["tr / _", [], []],
  ["curl file:///etc/a", ["/etc/a"], []],
  ["curl FILE://localhost/%65tc/a", ["/etc/a"], []],
  ["curl http://localhost/etc/a", [], []],
  ["curl -d @/etc/a http://x", ["/etc/a"], []],
  ["python /x/y.py", ["/x/y.py"], []],
  ["python -c '/x'", [], []],
  ["foo a/../../b ./c --out=../d", ["a/../../b", "../d"], []],
  ["foo -I/usr/x -d/ HEAD..main", ["/usr/x"], []],
  ["docker run -v /a:/b c", ["/a:/b", "/a", "/b"], []],
  ["echo /etc/a", ["/etc/a"], []],
  ["/bin/sh -c '/x/y'", [], []],
  ["sudo /usr/bin/foo a", [], []],
  ['[ "$x" = / ]', [], []],
  ["head -n 5 a", ["a"], []],
  ["grep -r x /etc", ["/etc"], []],
  ["grep -e x /etc", ["/etc"], []],
  ["find /etc ../b -name x", ["/etc", "../b"], []],
  ["dd if=/dev/sda of=x", ["/dev/sda", "x"], []],
  ["dd of=~/x", ["~/x"], []],
  ["sudo rm /x", ["/x"], []],
  ["npm test /x", ["/x"], []],
])("%j names the files %j and cannot say for %j", async (command, known, unknown) => {
  const { commands } = await analyseShell(command)
  const named = commands.map((it) => pathsOf(it))
  const files = named.flatMap((it) => it.files).filter(({ access, within }) => access !== "maybe" && !within)
  expect([...new Set(files.map(({ path }) => path))]).toEqual(known)
  expect(named.flatMap((it) => it.unknown.map(({ text }) => text))).toEqual(unknown)
})

test.each<[string, string[]]>([
  ["X=/etc/a; cat $X", ["/etc/a"]],
  ["X=/e; Y=tc; cat $X$Y/a", ["/etc/a"]],
  ["X=/e; X+=tc; cat $X/a", ["/", "tc/a"]],
  ["X=(/etc/a b); cat ${X[0]}", ["/etc/a", "b"]],
  ["for x in /etc/a /etc/b; do cat $x; done", ["/etc/a", "/etc/b"]],
  ["for x in /etc/*; do cat $x; done", ["/etc/*", "/etc/"]],
  ["f() { cat $X; }; X=/etc/a; f", ["/etc/a"]],
  ["D=/etc; cd $D && cat a", ["/etc", "a"]],
  ["export X=/etc/a; cat $X", ["/etc/a"]],
  [": ${X:=/etc/a}; cat $X", ["/etc/a"]],
  ["X=$X/a; cat $X", []],
])("values given in the text are looked at: %j names %j", async (command, paths) => {
  const { commands, variables } = await analyseShell(command)
  const files = commands.flatMap((it) => pathsOf(it, variables).files).filter(({ access }) => access !== "maybe")
  expect([...new Set(files.map(({ path }) => path))]).toEqual(expect.arrayContaining(paths))
})

test.each<[string, string]>([
  ["cat a", "read a"],
  ["cp a b", "read a, write b"],
  ["mv a b", "change a, write b"],
  ["ln -s a b", "change a, write b"],
  ["rm a", "write a"],
  ["tee a", "write a"],
  ["sort -o a b", "write a, read b"],
  ["sort -uo a b", "write a, read b"],
  ["sort --outp=a b", "write a, read b"],
  ["sed p a", "read a"],
  ["sed -i p a", "change a"],
  ["sed -n 'w a' b", "read b, write a"],
  ["sed 's/x/y/gw a' b", "read b, write a"],
  ["dd if=a of=b", "read a, write b"],
  ["touch -r a b", "read a, write b"],
  ["truncate -s 0 a", "write a"],
  ["install -m 700 a b", "read a, write b"],
  ["source a", "read a"],
  [". ./a", "read ./a"],
  ["ls a", "look a"],
  ["cd a", "look a"],
  ["base64 a", "read a"],
  ["git show HEAD:a", "maybe show, maybe HEAD:a, maybe HEAD, maybe a"],
  ["node a -e b", "maybe a"],
  ["echo a", ""],
  ["curl -so a http://x", "write a, maybe a"],
])("what %j does to files is known: %s", async (command, expected) => {
  const [first] = (await analyseShell(command)).commands
  const files = first ? pathsOf(first).files : []
  const shown = files.filter(({ within }) => !within).map(({ access, path }) => `${access} ${path}`)
  expect(shown.join(", ")).toBe(expected)
})

test.each<[string, boolean]>([
  ["cd src", false],
  ["cd $X", true],
  ['cd "$(foo)"', true],
  ["cd -", false],
  ["pushd `foo`", true],
  ["D=src; cd $D", false],
  ["D=src; cd $D; D=x", true],
  ["false && D=src; cd $D", true],
  ["cd $D; D=src", true],
  ["D=src; read D; cd $D", true],
  ["DD=src; read D''D; cd $DD", true],
  ["DD=src; read $'\\x44D'; cd $DD", true],
  ['D=src; eval "$x"; cd $D', true],
  ["for d in a b/*; do (cd $d && ls); done", false],
  ["for d in a; do cd $d; d=x; done", true],
  ["for d in $(foo); do cd $d; done", true],
  ['cd "$(git rev-parse --show-toplevel)"', false],
  ["cd $PWD/src", false],
  ["PWD=$x; cd $PWD", true],
  ["make -C $X", true],
  ["git -C $X status", true],
])("%j goes to a folder that only the running shell knows: %j", async (command, expected) => {
  const { commands, variables } = await analyseShell(command)
  expect(commands.some((it) => pathsOf(it, variables).astray !== undefined)).toBe(expected)
})

test.each([
  "sed p",
  "sed -n '1,20p'",
  "sed '/a/,/b/d;s/[^/]*$//'",
  "sed 's|a/b|c|g;s/\\//e/;y/abc/def/'",
  "sed -e ':a;N;$!ba;s/\\n/ /g'",
  "sed '1i e rm x'",
  "sed '/e/a\\\ne rm'",
  "sed -E '/^#/!{s/x/y/;p}'",
  "sed '$!N;P;D'",
  "sed '/x/c text'",
  "sed 's/a/b/w f'",
])("%j runs nothing", async (command) => {
  expect((await analyseShell(command)).problems).toEqual([])
})

test("the question has one pattern and one prefix for each command, each once", async () => {
  expect(asksForShell(await analyseShell("ls -la && git status; ls -la"))).toEqual({
    permission: "bash",
    patterns: ["ls -la", "git status"],
    always: ["ls *", "git status *"],
    metadata: { command: "ls -la && git status; ls -la" },
  })
})

test.each([
  ["{rm,x}", "rm"],
  ["r{m,} x", "rm x"],
  ["X=rm; $X x", "rm x"],
  ["${Z:-rm} x", "rm x"],
])("rules see what %j may come to be: %j", async (command, alias) => {
  const ask = asksForShell(await analyseShell(command))
  expect(Object.values(ask.aliases ?? {}).flat()).toContain(alias)
})

test("what cannot be analysed is shown with its reason, and always is not offered", async () => {
  const ask = asksForShell(await analyseShell("$X y"))
  expect(ask).toMatchObject({ patterns: ["$X y"], always: [], problems: [expect.stringContaining("$X")] })
  expect(asksForShell(await analyseShell(" > x ")).patterns).toEqual(["> x"])
})

test("no text makes it throw", async () => {
  const piece = fc.constantFrom(
    ..."$ ( ) { } [ ] < > | & ; ' \" ` \\ ~ * ? ! # = - + / , : @ % ^ a rm ls 1 x= $( $(( `` << <<E <<< <( [[ ]] (( )) if then fi do done case esac for in".split(
      " ",
    ),
    " ",
    "\n",
    "\t",
    "\0",
    "é",
    "\ud800",
    "eval ",
    "bash -c ",
    "xargs ",
    "find . -exec ",
    "sudo -",
    "env -S ",
  )
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.array(piece, { maxLength: 25 }).map((it) => it.join("")),
        fc.string({ unit: "binary" }),
      ),
      async (text) => {
        const analysis = await analyseShell(text)
        for (const command of analysis.commands) pathsOf(command, analysis.variables)
        const ask = asksForShell(analysis)
        expect(ask.patterns.length).toBeGreaterThan(0)
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  ["1+".repeat(20_000), (it: string) => `echo $((${it}1))`],
  ["$(".repeat(3_000), (it: string) => `echo ${it}`],
  ["(".repeat(20_000), (it: string) => it],
  ["env ".repeat(20_000), (it: string) => `${it}ls`],
  ["watch ".repeat(5_000), (it: string) => it],
  ["a|".repeat(20_000), (it: string) => `${it}a`],
  ["if a; then ".repeat(2_000), (it: string) => it],
  ["{a,".repeat(5_000), (it: string) => `cat ${it}${"}".repeat(5_000)}`],
  ["{a,b}".repeat(5_000), (it: string) => `cat ${it}`],
  ["A=$A$A; ".repeat(5_000), (it: string) => `${it}cat $A$A`],
  ["X=/a; ".repeat(5_000), (it: string) => `${it}cat $X`],
  ["s/[/x/;".repeat(1_000), (it: string) => `sed '${it}'`],
  ["print ".repeat(300), (it: string) => `awk '${it}'`],
  ["cd a; ".repeat(3_000), (it: string) => it],
])("hostile depth and length end soon, in a question or an answer (%#)", async (text, build) => {
  const spent = await cpuMs(async () => {
    const found = await analyseShell(build(text))
    for (const command of found.commands) pathsOf(command, found.variables)
    expect(found.commands.length + found.problems.length).toBeGreaterThan(0)
  })
  expect(spent).toBeLessThan(3_000)
})

test("the normalised text reads as the same command again, and its prefix matches it", async () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab-/.:=@ '\"$`\\*?[]{},~#!;|&()<>\n"), maxLength: 8 })
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("ls", "git", "npm", "cat", "node"),
      fc.array(word, { maxLength: 5 }),
      async (name, args) => {
        const [first] = (await analyseShell([name, ...args.map(quote)].join(" "))).commands
        expect(first?.argv.map((it) => it.value)).toEqual([name, ...args])
        const again = await analyseShell(first?.text ?? "")
        expect(again.commands).toHaveLength(1)
        expect(again.problems).toEqual([])
        expect(again.commands[0]?.argv.map((it) => it.value)).toEqual([name, ...args])
        expect(again.commands[0]?.text).toBe(first?.text)
        expect(again.commands[0]?.prefix).toBe(first?.prefix)
        expect(matches(first?.prefix ?? "", first?.text ?? "")).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test.each(["find . -name '*.o' -delete", "find / -fprintf /etc/passwd x"])(
  "%s is not covered by an allowed search",
  async (command) => {
    expect(asksForShell(await analyseShell(command)).problems).toEqual([expect.stringContaining("changes files")])
  },
)
