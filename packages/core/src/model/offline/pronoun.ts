import type { Intent } from "./intent.ts"
import { isPronoun } from "./names.ts"
import type { Scope } from "./scope.ts"

/** What "it" may stand for: the file and the text that were spoken of last. */
export interface Subject {
  file?: string | undefined
  text?: string | undefined
  /** Where that text was looked for. */
  scope?: Scope | undefined
}

/** What a request leaves to be spoken of. A search leaves no file until it has found one. */
export function subjectOf(intent: Intent): Subject {
  switch (intent.type) {
    case "read":
    case "create":
    case "append":
    case "execute":
      return { file: intent.file }
    case "outline":
    case "lines":
    case "delete":
      return { file: intent.files.length === 1 ? intent.files[0] : undefined }
    case "move":
      return { file: intent.files.length === 1 && !intent.isFolder ? intent.to : undefined }
    case "find":
      return { file: undefined }
    case "search":
      return { text: intent.text, scope: intent.scope, ...(intent.scope.file ? { file: intent.scope.file } : {}) }
    case "define":
      return { text: intent.name, scope: {}, file: undefined }
    case "replace":
    case "rename":
      return { text: intent.to, scope: intent.scope, ...(intent.scope.file ? { file: intent.scope.file } : {}) }
    default:
      return {}
  }
}

/** The request with what "it" stands for. What is not known stays: `unresolved` tells. */
export function resolve(intent: Intent, { file, text, scope = {} }: Subject): Intent {
  const name = (said: string) => (isPronoun(said) ? (file ?? said) : said)
  switch (intent.type) {
    case "read":
    case "create":
    case "append":
    case "execute":
      return { ...intent, file: name(intent.file) }
    case "outline":
    case "lines":
    case "compare":
    case "delete":
      return { ...intent, files: intent.files.map(name) }
    case "move":
      return { ...intent, files: intent.files.map(name), to: name(intent.to) }
    case "rename":
      // After a file was spoken of, and no name in code, it is the file that gets another name.
      if (isPronoun(intent.from) && text === undefined && file !== undefined && !intent.scope.file)
        return { type: "move", files: [file], to: intent.to }
      return { ...intent, ...meant(intent, text, scope), ...placed(intent, name) }
    case "replace":
      return { ...intent, ...meant(intent, text, scope), ...placed(intent, name) }
    case "search":
      return { ...intent, ...placed(intent, name) }
    case "explain":
      return { ...intent, intents: resolveAll(intent.intents, { file, text, scope }) }
    default:
      return intent
  }
}

/** "search for a in b.ts, then replace it with c": the text, and where it was. */
function meant(intent: { from: string; scope: Scope }, text: string | undefined, scope: Scope) {
  if (!isPronoun(intent.from) || text === undefined) return {}
  return { from: text, ...(Object.keys(intent.scope).length === 0 ? { scope } : {}) }
}

function placed({ scope }: { scope: Scope }, name: (s: string) => string) {
  const { file, folder } = scope
  if (!isPronoun(file ?? folder ?? "")) return {}
  const known = name(file ?? folder ?? "")
  return isPronoun(known) ? {} : { scope: { ...(scope.include ? { include: scope.include } : {}), file: known } }
}

/** One after the other: each may speak of what those before it named. */
export function resolveAll(intents: readonly Intent[], start: Subject = {}): Intent[] {
  let subject = start
  return intents.map((intent) => {
    const resolved = resolve(intent, subject)
    subject = { ...subject, ...subjectOf(resolved) }
    return resolved
  })
}

/** The word in a request that still stands for something unknown. */
export function unresolved(intent: Intent): string | undefined {
  const words: (string | undefined)[] = []
  if ("file" in intent) words.push(intent.file)
  if ("files" in intent) words.push(...intent.files)
  if (intent.type === "replace" || intent.type === "rename") words.push(intent.from)
  if ("scope" in intent) words.push(intent.scope.file, intent.scope.folder)
  if (intent.type === "explain") words.push(...intent.intents.map(unresolved))
  return words.find((word) => word !== undefined && isPronoun(word))
}
