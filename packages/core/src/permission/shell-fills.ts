import { optionValues } from "./shell-options.ts"
import type { Slot } from "./shell-slots.ts"
import { literalWord, type ShellWord } from "./shell-words.ts"

/**
 * Programs that choose the names of the files they write: which folder they fill is all that their words tell, and the
 * rest is a doubt. In two more tables, programs that write beside the file they are given.
 */
interface Fill {
  /** Options whose value is the folder. */
  folder?: RegExp
  /** The same where the value is attached. */
  attached?: RegExp
  /** An option or mode without which it writes nothing. */
  needs?: RegExp
  /** With one of these it writes nothing, or only to its output. */
  unless?: RegExp
  /** They write beside their operands. */
  isBeside?: true
}

const HERE = literalWord(".")
const compressors: Fill = { unless: /^-\w*[cltV]|^--(?:stdout|to-stdout|list|test|version|help)$/, isBeside: true }
const archivers: Fill = {
  folder: /^(?:-\w*C|--directory|--cd)$/,
  attached: /^(?:--(?:directory|cd)=|-C)(.+)$/,
  needs: /^-?[a-zA-Z]*x|^--(?:extract|get)$/,
  unless: /^-\w*O|^--to-stdout$/,
}

const FILLS: Readonly<Record<string, Fill>> = {
  tar: archivers,
  gtar: archivers,
  bsdtar: archivers,
  unzip: { folder: /^-d$/, attached: /^-d(.+)$/, unless: /^-\w*[lptvZz]/ },
  "7z": { attached: /^-o(.+)$/, needs: /^[ex]$/, unless: /^-so$/ },
  "7za": { attached: /^-o(.+)$/, needs: /^[ex]$/, unless: /^-so$/ },
  unrar: { needs: /^[ex]$/ },
  cpio: { folder: /^(?:-D|--directory)$/, attached: /^--directory=(.+)$/, needs: /^-\w*[ip]|^--(?:extract|pass)/ },
  ar: { needs: /^-?\w*x/ },
  jar: { folder: /^-C$/, needs: /^-?-?\w*x/ },
  patch: { folder: /^(?:-d|--directory)$/, attached: /^--directory=(.+)$/, unless: /^(?:--dry-run|--check|-C)$/ },
  csplit: { folder: /^(?:-f|--prefix)$/, attached: /^(?:--prefix=|-f)(.+)$/ },
  wget: {
    folder: /^(?:-P|--directory-prefix)$/,
    attached: /^(?:--directory-prefix=|-P)(.+)$/,
    unless: /^-\w*O|^--(?:output-document|spider|version|help)/,
  },
  rename: { isBeside: true, unless: /^-\w*n|^--no/ },
  prename: { isBeside: true, unless: /^-\w*n|^--no/ },
  ...Object.fromEntries(
    "gzip gunzip bzip2 bunzip2 xz unxz lzma unlzma zstd unzstd lz4 compress uncompress pigz"
      .split(" ")
      .map((name) => [name, compressors]),
  ),
}

export function fillsOf(base: string, words: readonly ShellWord[]): Slot[] {
  if (base === "split") return splitFill(words)
  const fill = Object.hasOwn(FILLS, base) ? FILLS[base] : undefined
  if (!fill) return []
  const { needs, unless } = fill
  if (unless && words.some(({ value }) => unless.test(value))) return []
  if (needs && !words.some((word, at) => (at === 0 || word.value.startsWith("-")) && needs.test(word.value))) return []
  return (
    fill.isBeside ? words.filter((word) => !word.lead.startsWith("-")).map(folderOf) : foldersOf(base, words, fill)
  ).map((word): Slot => ({ word, access: "fill" }))
}

function foldersOf(base: string, words: readonly ShellWord[], { folder, attached }: Fill): ShellWord[] {
  const given = optionValues(words, folder, attached)
  const found = base === "csplit" ? given.map(folderOf) : given
  return found.length > 0 ? found : [HERE]
}

/** Its second operand begins the names: `split big parts/x`. */
function splitFill(words: readonly ShellWord[]): Slot[] {
  const operands = words.filter(
    (word, at) => (word.value === "-" || !word.lead.startsWith("-")) && !/^-[abCln]$/.test(words[at - 1]?.value ?? ""),
  )
  return [{ word: operands[1] ? folderOf(operands[1]) : HERE, access: "fill" }]
}

/** Where a file lies. Of a word that is not known, the word itself, which is then the doubt. */
export function folderOf(word: ShellWord): ShellWord {
  if (!word.isLiteral) return word
  const cut = word.value.lastIndexOf("/")
  const folder = cut < 0 ? "." : word.value.slice(0, cut) || "/"
  return { ...literalWord(folder), path: folder, tilde: folder.startsWith("~") ? word.tilde : undefined }
}
