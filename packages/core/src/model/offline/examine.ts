import type { Intent, Recogniser } from "./intent.ts"
import { namesIn } from "./names.ts"
import { phrases } from "./phrase.ts"
import { takeScope } from "./scope.ts"

// How people ask about the shape of files: outline, count of lines, differences, folder tree.

const SHOW = "(show|list|print|display|give|get|see|view|find|tell) [me]"
const SYMBOLS =
  "(symbols?|outline|functions?|classes|methods|structure|headings|sections|keys|definitions|exports|declarations|types|table of contents)"
const AND = `[(and|&) [the] ${SYMBOLS}]`
const outlines = phrases(
  "(outline|summari[sz]e the structure of) [of] [the|a|an]* [file] <files>",
  `[${SHOW}] [all|the|an|a|every|its]* [top level] ${SYMBOLS} ${AND} (of|in|inside|from|for) [the] [file] <files>`,
  `[${SHOW}] the <files:word> (outline|symbols|functions|structure)`,
  `(what|which) ${SYMBOLS} ${AND} (are|is) [there] [defined|declared]* (in|inside) [the] [file] <files>`,
  `(what|which) ${SYMBOLS} ${AND} (does|do) <files> (have|contain|define|export|declare)`,
)

export const outline: Recogniser = (text, pieces) => {
  const files = namesIn(outlines(text)?.files ?? "", pieces)
  return files?.length ? { type: "outline", files } : undefined
}

const lineCounts = phrases(
  "(how many|count [all|the]* [number of]) lines? (of|in|are in|are there in) [the] [file] <files>",
  "how many lines [of code|of text] (does|do|has|have) [the] [file] <files> [have|has|contain]",
  "(how long|how big) (is|are) [the] [file] <files>",
  "how many lines <files:word> (has|have|contains)",
  "count <files:its> lines",
  "wc -l <files>",
  "(line count|number of lines) (of|in|for) [the] [file] <files>",
)
const kindCounts = phrases(
  "(how many|count [all|the]* [number of]) lines? [of code] [are there|do we have|are]",
  "(line count|number of lines)",
)

export const countLines: Recogniser = (text, pieces): Intent | undefined => {
  const said = lineCounts(text)?.files ?? ""
  const files = /^its$/i.test(said) ? ["it"] : namesIn(said, pieces)
  if (said && files) return { type: "lines", files }
  const { rest, scope } = takeScope(text, pieces)
  if (!kindCounts(rest)) return undefined
  if (scope.file) return { type: "lines", files: [scope.file] }
  if (!scope.include) return undefined
  return { type: "lines", files: [], glob: `**/${scope.include}`, ...(scope.folder ? { folder: scope.folder } : {}) }
}

const BETWEEN = "(difference|differences|diff)"
const comparisons = phrases(
  "(compare|diff) [the] [files?] <left:word> [and|with|to|against|vs|versus] [the] [file] <right:word>",
  `[${SHOW}|what is|what are] [the|all]* ${BETWEEN} (between|of) [the] [files?] <left:word> (and|to|with) [the] [file] <right:word>`,
  "how (does|do|is) <left:word> (differ|different) from <right:word>",
  "(is|are) <left:word> (and <right:word> (the same|equal|identical|different)|(the same as|equal to|identical to|different from) <other:word>)",
)

export const compare: Recogniser = (text, pieces) => {
  const said = comparisons(text)
  const left = said && namesIn(said.left ?? "", pieces)?.[0]
  const right = said && namesIn(said.right ?? said.other ?? "", pieces)?.[0]
  return left && right ? { type: "compare", files: [left, right] } : undefined
}

const WHERE =
  "[(of|in|for|under) [the|this|my|our]* [whole|entire]* [folder|directory] <folder:word> [folder|directory]]"
const trees = phrases(
  `[${SHOW}] [the|a|me|this|my|our]* [directory|folder|file|project|source]* tree ${WHERE}`,
  `[${SHOW}] [the|a|this|my|our]* (directory|folder|file|project|source) (structure|layout|hierarchy) ${WHERE}`,
  "(draw|make|print) [me] [the|a]* [folder|directory]* tree [of] [the] [<folder:word>]",
  "tree <folder:word>",
)

export const tree: Recogniser = (text, pieces) => {
  const said = trees(text)
  if (!said) return undefined
  const folder = /^(?:project|repo|repository|codebase|workspace|folder|directory|code|\.)?$/i.test(said.folder ?? "")
    ? "."
    : namesIn(said.folder ?? "", pieces, true)?.[0]
  return folder ? { type: "tree", folder } : undefined
}
