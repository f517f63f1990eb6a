import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { startServer } from "../server.mjs"

const FILES = 50_000
const QUICK_FILES = 5_000
const PER_FOLDER = 50

/** As a person types: each is asked once, none twice. */
const QUERIES = ["file7", "pkg12", "pkg12/mod", "p7m3f4", "index", "module", "src", "pkg99/file", "zzz", "mod1file2"]

/** Looking for files by name in a large folder. */
export const find = {
  name: "find",
  rounds: 3,
  rows: [
    { key: "first", title: "first GET /find/file of 50,000 files: CPU", unit: "ms", budget: 0.2 },
    { key: "later", title: "later GET /find/file of 50,000 files: CPU", unit: "ms", budget: 1 },
    { key: "wall", title: "first GET /find/file of 50,000 files: wall time", unit: "ms", wall: true },
  ],
  async measure(side, { quick }) {
    const folder = join(side.project, "many")
    makeFiles(folder, quick ? QUICK_FILES : FILES)
    const server = await startServer(side)
    try {
      await server.ask("GET", "/session") // the folder is open
      const search = async (query) => {
        const before = server.cpuMs()
        const began = performance.now()
        const found = await server.ask("GET", `/find/file?query=${encodeURIComponent(query)}`)
        return { cpu: server.cpuMs() - before, wall: performance.now() - began, found }
      }
      const first = await search("file4")
      if (first.found.length === 0) throw new Error(`${side.name}: nothing was found`)
      let later = 0
      for (const query of QUERIES) later += (await search(query)).cpu
      return { first: first.cpu, later: later / QUERIES.length, wall: first.wall }
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true })
    }
  },
}

function makeFiles(folder, count) {
  for (let number = 0; number < count; number++) {
    const place = join(folder, `pkg${Math.floor(number / PER_FOLDER / 10)}/mod${Math.floor(number / PER_FOLDER) % 10}`)
    if (number % PER_FOLDER === 0) mkdirSync(place, { recursive: true })
    writeFileSync(join(place, `file${number}.ts`), "")
  }
}
