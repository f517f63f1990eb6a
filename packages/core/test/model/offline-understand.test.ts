import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"
import type { Intent } from "../../src/model/offline/intent.ts"
import type { Scope } from "../../src/model/offline/scope.ts"
import { understand } from "../../src/model/offline/understand.ts"

const list = (folder = ".", recursive = false): Intent => ({ type: "list", folder, recursive })
const find = (glob: string, more: { folder?: string; count?: boolean } = {}): Intent => ({
  type: "find",
  glob,
  count: false,
  ...more,
})
const search = (text: string, scope: Scope = {}, count = false): Intent => ({ type: "search", text, scope, count })
const define = (name: string): Intent => ({ type: "define", name, scope: {} })
const read = (file: string, first?: number, last?: number): Intent => ({
  type: "read",
  file,
  ...(first === undefined ? {} : { first }),
  ...(last === undefined ? {} : { last }),
})
const replace = (from: string, to: string, scope: Scope = {}): Intent => ({ type: "replace", from, to, scope })
const rename = (from: string, to: string, scope: Scope = {}): Intent => ({ type: "rename", from, to, scope })
const create = (file: string, content = "", overwrite = false): Intent => ({ type: "create", file, content, overwrite })
const append = (file: string, content: string): Intent => ({ type: "append", file, content })
const run = (command: string): Intent => ({ type: "run", command })
const script = (name: "test" | "build" | "lint"): Intent => ({ type: "script", script: name })
const changes: Intent = { type: "changes" }
const help: Intent = { type: "help", reason: "asked" }
const greeting: Intent = { type: "help", reason: "greeting" }
const unknown = (text: string): Intent => ({ type: "unknown", text })
const ts = "*.ts"

const table: Record<string, [string, ...Intent[]][]> = {
  list: [
    ["list the files", list()],
    ["List files in src", list("src")],
    ["list the files in the src folder", list("src")],
    ["ls", list()],
    ["ls packages/core", list("packages/core")],
    ["please show me the files in this project", list()],
    ["what files are there?", list()],
    ["what files are in src", list("src")],
    ["what is in the src folder?", list("src")],
    ["What's in this folder", list()],
    ["show the contents of src/", list("src")],
    ["show all files", list(".", true)],
    ["list all files in docs", list("docs", true)],
    ["show me every file", list(".", true)],
    ["can you list the files and folders?", list()],
  ],
  find: [
    ["find files named *.md", find("**/*.md")],
    ["find *.md", find("**/*.md")],
    ["find all files called index.ts", find("**/index.ts")],
    ["find files named config", find("**/*config*")],
    ["find all markdown files", find("**/*.{md,mdx}")],
    ["list all ts files", find("**/*.ts")],
    ["list the .json files in packages", find("**/*.json", { folder: "packages" })],
    ["show me all TypeScript files in src", find("**/*.{ts,tsx,mts,cts}", { folder: "src" })],
    ["find test files", find("**/*{test,spec}*")],
    ["are there any python files?", find("**/*.py")],
    ["find files ending in .yaml", find("**/*.yaml")],
    ["find files with extension md", find("**/*.md")],
    ["find package.json", find("**/package.json")],
    ["where is tsconfig.json?", find("**/tsconfig.json")],
    ["glob src/**/*.ts", find("src/**/*.ts")],
    ["how many ts files are there?", find("**/*.ts", { count: true })],
    ["how many files are there in src", find("**/*", { folder: "src", count: true })],
    ["which ts files are there", find("**/*.ts")],
  ],
  search: [
    ["search for TODO in src", search("TODO", { folder: "src" })],
    ['Search for "hello world" in all ts files', search("hello world", { include: ts })],
    ["grep createServer", search("createServer")],
    ["grep for 'a in b' in src", search("a in b", { folder: "src" })],
    ["look for fetch( in *.js", search("fetch(", { include: "*.js" })],
    ["find all TODOs", search("TODO")],
    ["find the word banana in README.md", search("banana", { file: "README.md" })],
    ["search src for TODO", search("TODO", { folder: "src" })],
    ["where is runTurn used?", search("runTurn")],
    ["who calls openStore?", search("openStore")],
    ["find all usages of parseRef in src", search("parseRef", { folder: "src" })],
    ["find references to Session", search("Session")],
    ["which files contain eval", search("eval")],
    ["find files that import lodash", search("lodash")],
    ["how many times does foo appear in src?", search("foo", { folder: "src" }, true)],
    ["count occurrences of `let x` in a.ts", search("let x", { file: "a.ts" }, true)],
    ["how many TODOs are there", search("TODO", {}, true)],
    ["search for foo and bar", search("foo and bar")],
    ['find "then"', search("then")],
  ],
  define: [
    ["where is createServer defined?", define("createServer")],
    ["Where's `runTurn` implemented", define("runTurn")],
    ["where do we define Config", define("Config")],
    ["which file defines loadConfig?", define("loadConfig")],
    ["find the definition of Foo", define("Foo")],
    ["go to definition of Foo", define("Foo")],
    ["definition of Foo", define("Foo")],
    ["find function parseText", define("parseText")],
    ["show me the class Engine", define("Engine")],
    ["where is the parseText function", define("parseText")],
    ["find the Engine class", define("Engine")],
  ],
  read: [
    ["show me package.json", read("package.json")],
    ["read src/index.ts", read("src/index.ts")],
    ["cat README.md please", read("README.md")],
    ["open @src/a.ts", read("src/a.ts")],
    ["show the readme", read("README.md")],
    ["can you show me the contents of the file docs/a.md?", read("docs/a.md")],
    ["what does package.json say?", read("package.json")],
    ["what is in package.json?", read("package.json")],
    ["what's inside tsconfig.json", read("tsconfig.json")],
    ["show lines 10-20 of src/a.ts", read("src/a.ts", 10, 20)],
    ["show line 7 of a.ts", read("a.ts", 7, 7)],
    ["show me the first 5 lines of a.ts", read("a.ts", 1, 5)],
    ["read a.ts from line 5 to 9", read("a.ts", 5, 9)],
    ["package.json", read("package.json")],
    ['print "my file.txt"', read("my file.txt")],
    ["read a.txt and b.txt", read("a.txt"), read("b.txt")],
    ["show .gitignore", read(".gitignore")],
    ["show me the Makefile", read("Makefile")],
  ],
  replace: [
    ["replace foo with bar in all ts files", replace("foo", "bar", { include: ts })],
    ["Replace 'foo' by 'bar' in src/a.ts.", replace("foo", "bar", { file: "src/a.ts" })],
    ["replace all occurrences of foo with bar", replace("foo", "bar")],
    ["replace every foo with bar everywhere", replace("foo", "bar")],
    ["rename getUser to fetchUser", rename("getUser", "fetchUser")],
    ["rename the function getUser to fetchUser in src", rename("getUser", "fetchUser", { folder: "src" })],
    ['change "port 3000" to "port 4000" in config.json', replace("port 3000", "port 4000", { file: "config.json" })],
    [
      "change colour to color in all markdown files in docs",
      replace("colour", "color", { include: "*.{md,mdx}", folder: "docs" }),
    ],
    ["substitute a for b in x.md", replace("b", "a", { file: "x.md" })],
    ["use `const` instead of `var` in *.js", replace("var", "const", { include: "*.js" })],
    ["s/foo/bar/g", replace("foo", "bar")],
    ["s/a\\/b/c/ in notes.md", replace("a/b", "c", { file: "notes.md" })],
    ["in src, replace foo with bar", replace("foo", "bar", { folder: "src" })],
    ["find foo and replace it with bar in src", replace("foo", "bar", { folder: "src" })],
    ["find and replace foo with bar", replace("foo", "bar")],
    ["replace foo in src/a.ts with bar", replace("foo", "bar", { file: "src/a.ts" })],
    ['remove "debugger;" from a.js in src', unknown("remove debugger; from a.js in src")],
    ['remove "debugger;" in src', replace("debugger;", "", { folder: "src" })],
    ["replace hello world with goodbye, world across the whole project", replace("hello world", "goodbye, world")],
    ['replace " with " with " by " in a.txt', replace(" with ", " by ", { file: "a.txt" })],
  ],
  create: [
    ["create notes.txt with hello", create("notes.txt", "hello")],
    ['create a file notes.txt containing "hello, world"', create("notes.txt", "hello, world")],
    ["create a new file called src/a.ts", create("src/a.ts")],
    ["make an empty file named LICENSE", create("LICENSE")],
    ['write "hi there" to greet.txt', create("greet.txt", "hi there")],
    ["save hello as greet.txt", create("greet.txt", "hello")],
    ["put `x = 1` into a file called x.py", create("x.py", "x = 1")],
    ["touch a.txt", create("a.txt")],
    ["create todo.md with the content buy milk and run home", create("todo.md", "buy milk and run home")],
    ["create a.js with:\n```js\nlet a = 1\nlet b = 2\n```", create("a.js", "let a = 1\nlet b = 2")],
    ["create a file a.txt in docs with x", create("docs/a.txt", "x")],
    ["create hello.txt: hi", create("hello.txt", "hi")],
    ["overwrite a.txt with b", create("a.txt", "b", true)],
    ['append "one more" to notes.txt', append("notes.txt", "one more")],
    ["add the line foo=1 to the end of .env", append(".env", "foo=1")],
  ],
  run: [
    ["run npm test", run("npm test")],
    ["run `git log --oneline | head -3`", run("git log --oneline | head -3")],
    ["execute the command ls -la", run("ls -la")],
    ["$ echo hi", run("echo hi")],
    ["npm run build", run("npm run build")],
    ["git status", run("git status")],
    ['run echo "a then b" in the terminal', run('echo "a then b"')],
    ["run the tests", script("test")],
    ["run all tests", script("test")],
    ["do the tests pass?", script("test")],
    ["build the project", script("build")],
    ["run the linter", script("lint")],
    ["run node -e 'console.log(1)'", run('node -e "console.log(1)"')],
  ],
  changes: [
    ["what changed", changes],
    ["what changed?", changes],
    ["show me what changed", changes],
    ["what has been changed so far", changes],
    ["what did you change?", changes],
    ["show the diff", changes],
    ["show me the changes", changes],
    ["which files changed", changes],
    ["any uncommitted changes?".replace("any", "are there any"), changes],
    ["show changes", changes],
  ],
  talk: [
    ["help", help],
    ["what can you do?", help],
    ["Who are you?", help],
    ["hello", greeting],
    ["hi there!", greeting],
    ["", greeting],
    ["thanks!", { type: "thanks" }],
    ["write me a poem about the sea", unknown("write me a poem about the sea")],
    ["refactor the parser to use generators", unknown("refactor the parser to use generators")],
    ["why is the build slow?", unknown("why is the build slow")],
    ["fix the bug", unknown("fix the bug")],
    ["explain how sessions work", unknown("explain how sessions work")],
  ],
  several: [
    ["create a.txt with hi then show it", create("a.txt", "hi"), read("a.txt")],
    ["read a.txt, then replace foo with bar in it", read("a.txt"), replace("foo", "bar", { file: "a.txt" })],
    ["list the files and then run npm test", list(), run("npm test")],
    [
      "replace foo with bar in all ts files, then run the tests and show what changed",
      replace("foo", "bar", { include: ts }),
      script("test"),
      changes,
    ],
    ["search for TODO; list files", search("TODO"), list()],
    ["1. list the files\n2. show me package.json", list(), read("package.json")],
    ["list the files. Then show me package.json.", list(), read("package.json")],
    ["find package.json and read README.md", find("**/package.json"), read("README.md")],
    ["show me package.json. Thanks!", read("package.json")],
    ['create "then.txt" with "now and then" then what changed', create("then.txt", "now and then"), changes],
    ["First list the files, after that dance", list(), unknown("dance")],
  ],
}

for (const [name, rows] of Object.entries(table)) {
  describe(name, () => {
    test.each(rows)("%s", (sentence, ...intents) => {
      expect(understand(sentence)).toEqual(intents)
    })
  })
}

test("no sentence takes long", async () => {
  const pieces = [
    "replace a ",
    "in src ",
    "and ",
    "with to ",
    "show the ",
    "file ",
    '"',
    "find files named ",
    "a, ",
    "lines 1 of ",
  ]
  for (const piece of pieces) {
    const words = piece.repeat(Math.floor(1400 / piece.length))
    for (const sentence of [words, `replace ${words}`, `find ${words}!!`, words.repeat(100)]) {
      expect(await cpuMs(() => understand(sentence))).toBeLessThan(1000)
    }
  }
})
