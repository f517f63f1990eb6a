import { term, type Recogniser } from "./intent.ts"
import { phrases } from "./phrase.ts"
import { isPathLike, takeScope } from "./scope.ts"

const SYMBOL =
  "(identifier|symbol|function|method|class|type|interface|variable|constant|const|enum|struct|property|field|parameter|argument|component|module)"
const ALL = "[all|every|each|any|the]* [(uses|usages|occurrences|references) of] [the]"
const renamings = phrases(
  `rename ${ALL} [${SYMBOL}] <from:word> (to|into|as) [the] [${SYMBOL}] <to:word>`,
  `rename [the] <from:word> ${SYMBOL} (to|into|as) <to:word>`,
  `(change|replace) ${ALL} ${SYMBOL} <from:word> (to|into|with|by) [the] [${SYMBOL}] <to:word>`,
  `(change|set) the name of [the] [${SYMBOL}] <from:word> (to|into) <to:word>`,
  `(replace|change) ${ALL} [whole] word <from:word> (to|into|with|by) <to:word> as a whole word`,
  `give [the] ${SYMBOL} <from:word> the name <to:word>`,
)

/** What most languages take for a name. */
export const IDENTIFIER = /^[\p{L}_$][\p{L}\p{M}\p{N}_$]*$/u

/** A name in code: only where it stands as a whole word. */
export const rename: Recogniser = (text, pieces) => {
  const { rest, scope } = takeScope(text, pieces)
  const said = renamings(rest)
  if (!said) return undefined
  const [from, to] = [term(said.from, pieces), term(said.to, pieces)]
  const isName = IDENTIFIER.test(from) && IDENTIFIER.test(to) && !isPathLike(from)
  return isName ? { type: "rename", from, to, scope } : undefined
}
