import type { Intent } from "./intent.ts"
import { shellPath } from "./plan.ts"
import { plural, quoted } from "./prose.ts"
import type { Scope } from "./scope.ts"

// What requests are called, and what would be done for them.

const placeOf = ({ file, folder, include }: Scope): string => {
  const place = file ?? folder
  return [place && ` in ${quoted(place)}`, include && ` in files such as ${quoted(include)}`].filter(Boolean).join("")
}
const all = (names: readonly string[]) => names.map(quoted).join(", ")
const words = (names: readonly string[]) => names.map(shellPath).join(" ")

/** A request in few words, as in "I did not … ". */
export function nameOf(intent: Intent): string {
  switch (intent.type) {
    case "list":
      return `list ${intent.folder === "." ? "this folder" : quoted(intent.folder)}`
    case "tree":
      return "show the tree"
    case "find":
      return `${intent.count ? "count" : "find"} ${quoted(intent.glob)}`
    case "search":
      return `${intent.count ? "count" : "search for"} ${quoted(intent.text)}`
    case "define":
      return `look for ${quoted(intent.name)}`
    case "read":
      return `read ${quoted(intent.file)}`
    case "outline":
      return `outline ${all(intent.files)}`
    case "lines":
      return "count lines"
    case "compare":
      return `compare ${all(intent.files)}`
    case "replace":
      return `replace ${quoted(intent.from)}`
    case "rename":
      return `rename ${quoted(intent.from)}`
    case "create":
      return `create ${quoted(intent.file)}`
    case "append":
      return `add to ${quoted(intent.file)}`
    case "move":
      return `${intent.copy ? "copy" : "move"} ${all(intent.files)}`
    case "delete":
      return `delete ${intent.glob === undefined ? all(intent.files) : quoted(intent.glob)}`
    case "mkdir":
      return `make ${all(intent.folders)}`
    case "run":
      return `run ${quoted(intent.command)}`
    case "execute":
      return `run ${quoted(intent.file)}`
    case "script":
      return `run the ${intent.script}`
    case "changes":
      return "show what changed"
    case "undo":
      return "say how to undo"
    case "todo":
      return "write the list"
    case "explain":
      return "explain the rest"
    case "refrain":
      return quoted(intent.text)
    case "avoid":
    case "help":
    case "thanks":
    case "unknown":
      return "do the rest"
  }
}

/** What would be done for a request, and with which tools. */
export function stepsOf(intent: Intent): string {
  switch (intent.type) {
    case "list":
      return intent.recursive
        ? `list all files below ${quoted(intent.folder)} (glob)`
        : `list ${quoted(intent.folder)} (read)`
    case "tree":
      return `look up the files below ${quoted(intent.folder)} and draw them as a tree (glob)`
    case "find":
      return `${intent.count ? "count" : "find"} files like ${quoted(intent.glob)}${placeOf(intent)} (glob)`
    case "search":
      return `${intent.count ? "count" : "search for"} ${quoted(intent.text)}${placeOf(intent.scope)} (grep)`
    case "define":
      return `search for lines that define ${quoted(intent.name)}, and read around the one (grep, read)`
    case "read":
      return `read ${quoted(intent.file)} (read)`
    case "outline":
      return `read ${all(intent.files)} and show the lines that define something (read)`
    case "lines":
      return `count the lines of ${intent.files.length ? all(intent.files) : quoted(intent.glob ?? "")} (read)`
    case "compare":
      return `run ${quoted(`diff -u -- ${words(intent.files)}`)} (bash)`
    case "replace":
      return `search for ${quoted(intent.from)}${placeOf(intent.scope)}, read each file that has it, and put ${quoted(intent.to)} in every place (grep, read, edit)`
    case "rename":
      return `search for ${quoted(intent.from)} as a whole word${placeOf(intent.scope)}, read each file that has it, and write ${quoted(intent.to)} there, leaving longer words alone (grep, read, edit)`
    case "create":
      return intent.overwrite
        ? `read ${quoted(intent.file)}, then replace all that is in it (read, write)`
        : `write ${quoted(intent.file)}, if there is none yet (write)`
    case "append":
      return `add ${plural(intent.content.split("\n").length, "line")} to the end of ${quoted(intent.file)} (bash)`
    case "move":
      return `look at what is there, then run ${quoted(`${intent.copy ? "cp -Rn" : "mv -n"} -- ${words([...intent.files, intent.to])}`)} (read, bash)`
    case "delete":
      return intent.glob === undefined
        ? `look at what is there, name what folders hold, then delete ${all(intent.files)} with \`rm\` (read, bash)`
        : `find and name the files like ${quoted(intent.glob)}, then delete them with \`rm\` (glob, bash)`
    case "mkdir":
      return `run ${quoted(`mkdir -p -- ${words(intent.folders)}`)} (bash)`
    case "run":
      return `run ${quoted(intent.command)} (bash)`
    case "execute":
      return `run ${quoted(intent.file)} with the program for such files (bash)`
    case "script":
      return `see what kind of project this is, then run its ${intent.script} command (glob, bash)`
    case "changes":
      return "run `git status --short` and `git diff` (bash)"
    case "avoid":
      return `leave ${all(intent.names)} alone`
    case "refrain":
      return `not ${intent.text}`
    case "unknown":
      return `not do ${quoted(intent.text)}, which I do not understand`
    case "undo":
    case "todo":
    case "explain":
    case "help":
    case "thanks":
      return "answer, without a call"
  }
}
