import { mkdir, symlink } from "node:fs/promises"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { cpuMs } from "@opencode/testing/effort.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { decide, rulesFromConfig } from "../../src/permission/rules.ts"
import { openWorld } from "./world.ts"

/** What commands write is asked as an edit: of the path where it is known, and as a doubt where it is not. */
let w: Awaited<ReturnType<typeof openWorld>>
beforeAll(async () => {
  w = await openWorld()
  for (const name of ["f", "g", "sub/f", "sub/deep/x", "p.diff", "a.tar", "a.zip"]) await w.write(name, "1")
  await mkdir(w.path(".git"))
  await w.write(".git/config", "")
  await w.write(".git/hooks/x", "")
  await symlink(w.path("sub"), w.path("link"))
})
afterAll(() => w[Symbol.asyncDispose]())

async function action(command: string, config: PermissionConfig) {
  const asks = await w.asks("bash", { command })
  return decide(asks, { rulesets: [rulesFromConfig({ "*": "allow" }), rulesFromConfig(config)], home: "/home/u" }).type
}

/** The patterns of the question for edits; a question mark before those that stand for what is not known. */
async function edits(command: string): Promise<string> {
  const ask = (await w.asks("bash", { command })).find(({ permission }) => permission === "edit")
  return `${ask?.problems ? "? " : ""}${ask?.patterns.join(" ") ?? ""}`
}

test.each<[string, string]>([
  ["echo x > f", "f"],
  ["echo x >> new", "new"],
  ["cat f | tee -a g", "g"],
  ["tee {f,g}", "? f g {f,g}"],
  ["cp f new", "new"],
  ["cp f sub", "sub sub/f"],
  ["cp -t sub f", "sub sub/f"],
  ["cp -r sub new", "? new new/*"],
  ["cp $X sub", "? sub sub/*"],
  ["mv f new", "f new"],
  ["mv sub new", "? sub new"],
  ["ln -s f new", "f new"],
  ["ln -s sub new && rm new/f", "? sub new new/f"],
  ["ln -s ../outside/x", "@/x x"],
  ["install -m 700 f new", "new"],
  ["install -d new", "new"],
  ["rsync -a f new", "? new new/*"],
  ["touch new", "new"],
  ["link f new", "f new"],
  ["mkfifo new", "new"],
  ["gcc -O2 -o new f", "new"],
  ["go build -onew", "new"],
  ["shuf --output=new f", "new"],
  ["openssl rand -out new 4", "new"],
  ["yq -i .a f", "f"],
  ["yq .a f", ""],
  ["dos2unix f", "f"],
  ["truncate -s 0 f", "f"],
  ["rm f", "f"],
  ["rm -rf sub", "? sub"],
  ["rm link/f", "sub/f"],
  ["rm $X", "? $X"],
  ["rm ./sub/../f", "f"],
  ["cd sub && rm f", "f sub/f"],
  ["mkdir -p new/x", "new/x"],
  ["chmod +x f", "f"],
  ["dd if=f of=new", "new"],
  ["dd if=f of=$X", "? $X"],
  ["sed -i s/1/2/ f", "f"],
  ["sed -i.bak s/1/2/ f", "f.bak f"],
  ["sed --in-place=.bak -e s/1/2/ f", "f.bak f"],
  ["sed -n 's/1/2/w new' f", "new"],
  ["perl -pi -e s/1/2/ f", "f"],
  ["perl -i.bak -pe s/1/2/ f", "f f.bak"],
  ["perl -ne print f", ""],
  ["ruby -i -pe '$_.upcase!' f", "f"],
  ["awk '{print > \"new\"}' f", "new"],
  ["awk '{print $1 >> \"sub/new\"; next}' f", "sub/new"],
  ["awk '{print > $1}' f", `? '{print > $1}'`],
  ['awk \'{printf "%s", $1 > ("a" ".txt")}\' f', `? '{printf "%s", $1 > ("a" ".txt")}'`],
  ["awk '$1 > 3 {print}' f", ""],
  ["awk '{ if ($1 > 3) print; else print (a > b) }' f", ""],
  ['awk \'/">/ {print "x > y"}\' f', ""],
  ["awk -i inplace '{print}' f", "f"],
  ["awk -v x=1 '{print x > \"new\"}' f", "new"],
  ["gawk -e '{print > \"new\"}' f", "new"],
  ["sort -o f g", "f"],
  ["uniq f new", "new"],
  ["split -b 1 f", "? *"],
  ["split -b 1 f sub/p", "? sub/*"],
  ["csplit f 1", "? *"],
  ["csplit -f sub/x f 1", "? sub/*"],
  ["gzip f", "? f *"],
  ["gzip -c f", "f"],
  ["gunzip sub/f.gz", "? sub/f.gz sub/*"],
  ["tar xf a.tar", "? *"],
  ["tar -xzf a.tar -C sub", "? sub/* sub/sub/*"],
  ["tar --extract --file=a.tar --directory=sub", "? sub/*"],
  ["tar xf a.tar -C ../outside", "? @/*"],
  ["tar xOf a.tar", "? *"],
  ["tar -xOf a.tar", ""],
  ["tar tf a.tar", ""],
  ["tar cf new.tar f", "new.tar"],
  ["unzip a.zip", "? *"],
  ["unzip -d sub a.zip", "? sub/*"],
  ["unzip -l a.zip", ""],
  ["patch < p.diff", "? *"],
  ["patch -p1 -i p.diff", "? *"],
  ["patch f p.diff", "? f p.diff *"],
  ["patch --dry-run -p1 -i p.diff", ""],
  ["curl http://127.0.0.1:1/x", ""],
  ["curl -o new http://127.0.0.1:1/x", "new"],
  ["curl -fsSLo new http://127.0.0.1:1/x", "new"],
  ["curl --output=new http://127.0.0.1:1/x", "new"],
  ["curl -O http://127.0.0.1:1/d/x.sh?y=1", "x.sh"],
  ["curl -sSLO http://127.0.0.1:1/x.sh", "x.sh"],
  ["curl --output-dir sub -o new http://127.0.0.1:1/x", "sub/new"],
  ["curl --output-dir ../outside -O http://127.0.0.1:1/x", "@/x"],
  ["curl -OJ http://127.0.0.1:1/x", "? x *"],
  ["curl -D new http://127.0.0.1:1/x", "new"],
  ["curl -o - http://127.0.0.1:1/x", ""],
  ["wget http://127.0.0.1:1/x", "? *"],
  ["wget -P sub http://127.0.0.1:1/x", "? sub/*"],
  ["wget -qO- http://127.0.0.1:1/x", ""],
  ["wget -O new http://127.0.0.1:1/x", "new"],
  ["git checkout main", "? *"],
  ["git checkout -- f sub/f", "f sub/f"],
  ["git checkout HEAD -- sub", "? sub"],
  ["git restore f", "f"],
  ["git restore --source HEAD~1 f", "f"],
  ["git restore --staged f", ""],
  ["git restore .", "? ."],
  ["git clean -fd", "? *"],
  ["git clean -nd", ""],
  ["git apply p.diff", "? *"],
  ["git apply --check p.diff", ""],
  ["git stash", "? *"],
  ["git stash pop", "? *"],
  ["git stash list", ""],
  ["git reset --hard", "? *"],
  ["git reset HEAD f", ""],
  ["git pull", "? *"],
  ["git merge x", "? *"],
  ["git -C sub checkout main", "? * sub/*"],
  ["git rm f", "f"],
  ["git mv f new", "f new"],
  ["git diff --output=new", "new"],
  ["git config user.name x", ".git/config"],
  ["git config --global user.name x", "~/.gitconfig"],
  ["git config -f sub/c user.name x", "sub/c"],
  ["git config --get user.name", ""],
  ["git config user.name", ""],
  ["git config --list", ""],
  ["git status && git log && git diff && git add f && git commit -m x", ""],
  ["find . -name '*.o' -delete", "? . * *.o"],
  ["find sub -fprint new", "new"],
  ["find . -name x -exec rm {} +", "? {}"],
  ["find . -name x -exec cat {} +", ""],
  ["ls | xargs rm", "? what it is given"],
  ["ls | xargs -I{} cp {} sub", "? sub sub/*"],
  ["ls | xargs cat", ""],
  ["sudo rm f", "f"],
  ["sh -c 'rm f'", "f"],
  ["X=f; rm $X", "? f $X"],
  ["for x in f g; do rm $x; done", "? f g $x"],
  ["read X; rm $X", "? $X"],
  ["echo x > $X", "? $X"],
  ["cd $X && rm f", "? f $X/*"],
  ["cd $X && cat f", ""],
  ["cat f; ls sub; grep x f; head -1 f; diff f g; sed p f", ""],
])("%j changes: %s", async (command, expected) => {
  const found = (await edits(command)).replaceAll(w.outside, "@").replaceAll(w.directory.replace(/\/work$/, ""), "~")
  expect(found).toBe(expected)
  const denied = await action(command, { edit: "deny" })
  expect(denied).toBe(expected === "" ? (denied === "ask" ? "ask" : "allow") : "deny")
  if (expected !== "") expect(await action(command, { edit: "ask" })).toBe("ask")
  // Some other file is protected: what is not known may be this one.
  if (expected.startsWith("?")) expect(await action(command, { edit: { "*": "allow", "other/*": "deny" } })).toBe("ask")
})

test.each([
  "gcc -o .git/hooks/pre-commit f",
  "/usr/bin/time -o .git/hooks/x ls",
  "crontab f",
  "crontab -",
  "echo x > .g?t/config",
  "cp f .g?t/hooks",
  "cp f .git/h*s/",
  "tar xf a.tar -C .g?t/hooks",
  "cd .g?t && echo x > config",
])("a control file is one however it is named: %s", async (command) => {
  expect((await w.asks("bash", { command })).map(({ permission }) => permission)).toContain("control_file")
})

test.each(["crontab -l", "cat .g?t/config", "cd su* && rm f", "cp f s?b"])("and no other: %s", async (command) => {
  expect((await w.asks("bash", { command })).map(({ permission }) => permission)).not.toContain("control_file")
})

test("patterns for very many folders are asked for as places that nobody knows, and soon", async () => {
  for (let at = 0; at < 60; at++) await mkdir(w.path(`many/d${at}`), { recursive: true })
  const command = `cp f many/${"*/../".repeat(300)}*/../../.g?t/hooks`
  let asked: string[] = []
  const took = await cpuMs(async () => {
    asked = (await w.asks("bash", { command })).map(({ permission }) => permission)
  })
  expect(asked).toContain("external_directory")
  expect(took).toBeLessThan(10_000)
})

test("settings of git are control files, and ask by default", async () => {
  const asks = await w.asks("bash", { command: "git config core.editor vi" })
  expect(asks).toContainEqual(expect.objectContaining({ permission: "control_file", patterns: [".git/config"] }))
})

test.each([
  "tar xf a.tar -C .git/hooks",
  "curl --output-dir .vscode -O http://127.0.0.1:1/x",
  "cd .git && touch hooks/x",
])("what fills a folder of control files asks for these: %s", async (command) => {
  const asks = await w.asks("bash", { command })
  expect(asks.map(({ permission }) => permission)).toContain("control_file")
})

test.each([
  "find . -name .env -exec cat {} +",
  "find sub -name '.e*' -exec grep x {} \\;",
  "awk 'BEGIN{while ((getline l < \".env\") > 0) print l}'",
  "gawk -E .env",
  "grep --reg=x .env",
  "grep -nex .env",
  "rg --files .env",
  "curl -F 'f=<.env' http://127.0.0.1:1",
  "curl -F 'f=@a.txt,.env;type=text/plain' http://127.0.0.1:1",
  "curl --data-urlencode x@.env http://127.0.0.1:1",
])("files that are named otherwise than as an argument are read too: %s", async (command) => {
  await w.write(".env", "A=1")
  const ask = (await w.asks("bash", { command })).find(({ permission }) => permission === "read")
  expect(ask?.patterns.some((name) => /(?:^|\/)\.env$/.test(name))).toBe(true)
})
