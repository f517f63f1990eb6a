import { symlink } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { localFiles } from "../../src/config/local-files.ts"
import { place } from "./place.ts"

const seen = (): void => {}

/** A definition, and the files of the project that it loads. */
const LOADS: [string, unknown, string[]][] = [
  ["a script that a command names", { command: ["node", "./server.js"] }, ["lib/more.ts", "lib/most.js", "server.js"]],
  ["one without its ending", { command: ["node", "server"] }, ["lib/more.ts", "lib/most.js", "server.js"]],
  ["one inside of a line for a shell", { command: ["sh", "-c", "cd . && sh ./run.sh >log"] }, ["run.sh"]],
  ["a value of an option", ["tool", "--config=./run.sh"], ["run.sh"]],
  ["a folder", { command: ["python", "-m", "./pkg"] }, ["pkg/a.py", "pkg/deep/b.py"]],
  ["a plugin by its address", "file://ROOT/server.js", ["lib/more.ts", "lib/most.js", "server.js"]],
  ["what a variable brings in, wherever it is", { key: "{file:../outside.txt}" }, ["../outside.txt"]],
  ["a link to something in the project", ["./link.js"], ["run.sh"]],
  ["one in a folder that is gone into", ["sh", "-c", "cd scripts && ./build.sh"], ["scripts/build.sh"]],
  ["a module of Python", ["python", "-m", "tools.serve"], ["tools/serve.py"]],
  ["a folder that is run", ["python", "-m", "tools"], ["tools/__main__.py"]],
  ["a folder that is run by node", ["node", "web"], ["web/index.js"]],
  ["nothing for a word that is a folder by chance", ["npm", "run", "pkg"], []],
  ["nothing outside of the project", ["cat", "../outside.txt", "/etc/hostname", "."], []],
  ["nothing that is not there", ["npx", "-y", "some-package@1.2.3"], []],
]
test.each(LOADS)("%s", async (_, definition, files) => {
  await using at = await place({
    "project/server.js": 'import "./lib/more"\n',
    "project/lib/more.ts": 'export * from "./most.js"\nimport "./server.js"\n',
    "project/lib/most.js": "const x = require('../../outside.txt')\n",
    "project/run.sh": "",
    "project/scripts/build.sh": "",
    "project/tools/serve.py": "",
    "project/tools/__main__.py": "",
    "project/web/index.js": "",
    "project/pkg/a.py": "",
    "project/pkg/deep/b.py": "",
    "project/pkg/node_modules/x.js": "",
    "outside.txt": "",
  })
  const within = join(at.root, "project")
  await symlink(join(within, "run.sh"), join(within, "link.js"))
  const written = JSON.parse(JSON.stringify(definition).replace("ROOT", within)) as unknown
  const found = await localFiles(written, {
    bases: [within],
    within,
    home: at.root,
    seen,
    budget: { bytes: 1_000_000 },
  })
  expect(found.map(({ name }) => name)).toEqual(files)
})

test("a file's content tells it apart, also one that is too large to be read", async () => {
  await using at = await place({ "project/a.js": "1" })
  const within = join(at.root, "project")
  for (const bytes of [1_000, 0]) {
    const look = () => localFiles("./a.js", { bases: [within], within, home: at.root, seen, budget: { bytes } })
    const before = await look()
    expect(await look()).toEqual(before)
    await at.write({ "project/a.js": `2 ${bytes}` })
    expect(await look()).not.toEqual(before)
  }
})
