import { type Command } from "commander"
import { wholeNumber } from "./options.ts"

/** What the program sees of the machine and the folder. */
export function addLooks(debug: Command): void {
  debug
    .command("info")
    .description("Print versions, the system and what was found on it.")
    .action(async () => {
      const { debugInfo } = await import("../commands/debug-info.ts")
      await debugInfo()
    })
  debug
    .command("startup")
    .description("Print the milliseconds from the start of the process until a folder is open.")
    .action(async () => {
      const { debugStartup } = await import("../commands/debug-info.ts")
      await debugStartup()
    })
  debug
    .command("wait")
    .description("Open the folder and wait, until Ctrl-C: for looking at an idle process.")
    .action(async () => {
      const { debugWait } = await import("../commands/debug-info.ts")
      await debugWait()
    })
  debug
    .command("scrap")
    .description("Print all known projects.")
    .action(async () => {
      const { debugScrap } = await import("../commands/debug-info.ts")
      await debugScrap()
    })
  addFiles(debug)
  addSnapshot(debug)
}

function addFiles(debug: Command): void {
  const rg = debug.command("rg").description("Search as the tools do.")
  rg.command("files")
    .description("List the files that are not ignored, newest first.")
    .option("--query <letters>", "only those whose path has these letters in this order")
    .option("--glob <pattern>", "only those that fit")
    .option("--limit <number>", "how many to list", wholeNumber)
    .action(async (options) => {
      const { listFiles } = await import("../commands/debug-files.ts")
      await listFiles(options)
    })
  rg.command("search")
    .description("Find lines by a regular expression.")
    .argument("<pattern>", "regular expression")
    .option("--glob <pattern...>", "only in files that fit one of them")
    .option("--limit <number>", "how many to list", wholeNumber)
    .action(async (pattern: string, options) => {
      const { searchText } = await import("../commands/debug-files.ts")
      await searchText(pattern, options)
    })
  const file = debug.command("file").description("Look at files as the API does.")
  file
    .command("read")
    .description("Print a file as JSON.")
    .argument("<path>", "file of the project")
    .action(async (path: string) => {
      const { readFile } = await import("../commands/debug-files.ts")
      await readFile(path)
    })
  file
    .command("list")
    .description("Print what is in a folder as JSON.")
    .argument("<path>", "folder of the project")
    .action(async (path: string) => {
      const { listFolder } = await import("../commands/debug-files.ts")
      await listFolder(path)
    })
  file
    .command("search")
    .description("Find files and folders by the letters of their paths.")
    .argument("<query>", "letters, or a glob")
    .action(async (query: string) => {
      const { findFiles } = await import("../commands/debug-files.ts")
      await findFiles(query)
    })
}

function addSnapshot(debug: Command): void {
  const snapshot = debug.command("snapshot").description("See what changes in the folder, as undo would.")
  snapshot
    .command("track")
    .description("Keep the folder as it is now, and print a name for that.")
    .action(async () => {
      const { trackFolder } = await import("../commands/debug-snapshot.ts")
      await trackFolder()
    })
  snapshot
    .command("patch")
    .description("Print which files have changed since, as JSON.")
    .argument("<hash>", "name that `track` printed")
    .action(async (hash: string) => {
      const { printChanged } = await import("../commands/debug-snapshot.ts")
      await printChanged(hash)
    })
  snapshot
    .command("diff")
    .description("Print how they have changed.")
    .argument("<hash>", "name that `track` printed")
    .action(async (hash: string) => {
      const { printDiff } = await import("../commands/debug-snapshot.ts")
      await printDiff(hash)
    })
}
