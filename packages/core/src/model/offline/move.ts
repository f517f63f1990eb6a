import { path, type Intent, type Recogniser } from "./intent.ts"
import { namesIn } from "./names.ts"
import { phrases } from "./phrase.ts"
import { globOfKind, isPathLike, takeScope } from "./scope.ts"
import { isQuoted } from "./sentence.ts"

// How people ask to move, copy, delete and make files and folders. Each recogniser reads one kind of request.

const KIND = "(file|folder|directory|script|document|module)"
const TO = `(to|into|in|inside|under|as) [the|a|an]* [new|<isFolder:folder|directory>|file]* [called|named] <to:word> [<isFolderToo:folder|directory>]`
const moves = phrases(
  `(move|relocate|transfer) <files> ${TO}`,
  `(mv) <files:word> <to:word>`,
  `(put) <files:file [called|named] <inner:word>> ${TO}`,
)
const copies = phrases(`(copy|duplicate|clone) <files> ${TO}`, "cp <files:word> <to:word>")
const renames = phrases(
  `rename the ${KIND} [called|named] <files:word> (to|as|into) <to:word>`,
  `rename the <files:word> ${KIND} (to|as|into) <to:word>`,
)
const renamesOfFiles = phrases(
  "rename <files:word> (to|as|into) <to:word>",
  "(change|set) the name of [the] [file|folder] <files:word> (to|into) <to:word>",
)

export const move: Recogniser = (text, pieces) => {
  const sure = renames(text)
  const unsure = sure ?? renamesOfFiles(text)
  if (unsure) {
    const [files, to] = [namesIn(unsure.files ?? "", pieces, sure !== undefined), path(unsure.to, pieces)]
    const isQuotedFile = [files?.[0] ?? "", to].every((name) => isPathLike(name.replaceAll(/\s/g, "_")))
    // An identifier looks like a file without an ending: only the other name tells.
    const isIt = files?.[0] === "it" && isPathLike(to)
    if (files && to && (sure || isPathLike(files[0] ?? "") || isQuotedFile || isIt)) return { type: "move", files, to }
    return undefined
  }
  const moved = moves(text)
  const said = moved ?? copies(text)
  const files = said && namesIn(said.inner ?? said.files ?? "", pieces, /^(?:mv|cp)\b/i.test(text))
  const to = path(said?.to, pieces)
  if (!files || !to || files.length === 0) return undefined
  const isFolder = said?.isFolder !== undefined || said?.isFolderToo !== undefined || to.endsWith("/")
  return {
    type: "move",
    files,
    to: to.replace(/(?<=.)\/+$/, ""),
    ...(isFolder || files.length > 1 ? { isFolder: true } : {}),
    ...(moved ? {} : { copy: true }),
  }
}

const DELETE = "(delete|remove|erase|rm|unlink|trash|get rid of|throw away)"
const deletions = phrases(`${DELETE} <files>`)
const deletionsOfKind = phrases(`${DELETE} [all|every|the|any]* <kind:word> files?`)

export const remove: Recogniser = (text, pieces) => {
  const { rest, scope } = takeScope(text, pieces)
  const kind = deletionsOfKind(rest)?.kind
  const glob = kind === undefined || isQuoted(kind) ? undefined : globOfKind(path(kind, pieces))
  if (glob) {
    return { type: "delete", files: [], glob: `**/${glob}`, ...(scope.folder ? { folder: scope.folder } : {}) }
  }
  const said = deletions(text)?.files
  const files = said === undefined ? undefined : namesIn(said, pieces)
  if (!files) return undefined
  // Quoted words may as well be text to remove from files; with an ending or a slash they are a file.
  const isText = isQuoted(said ?? "") && !/[\\/]|[^.\s]\.\w{1,8}$/.test(files[0] ?? "")
  return isText || files.some((file) => /[*?]/.test(file)) ? undefined : { type: "delete", files }
}

const folders = phrases(
  "(create|make|add|new|generate) [me] [a|an|the|some|two|another]* [new|empty]* (folders?|directory|directories|dirs?|subfolders?) [called|named] <folders>",
  "mkdir [-p] [--] <folders>",
)

export const makeFolder: Recogniser = (text, pieces): Intent | undefined => {
  const whole = folders(text)
  if (!whole) return undefined
  const { rest, scope } = takeScope(text, pieces)
  const names = namesIn((folders(rest) ?? whole).folders ?? "", pieces, true)
  if (!names) return undefined
  const below = scope.folder ? `${scope.folder}/` : ""
  return { type: "mkdir", folders: names.map((name) => below + name) }
}
