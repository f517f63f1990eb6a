import { applyPatch } from "./apply-patch.ts"
import { bash } from "./bash.ts"
import { edit } from "./edit.ts"
import { glob } from "./glob.ts"
import { grep } from "./grep.ts"
import { invalid } from "./invalid.ts"
import { read } from "./read.ts"
import { todowrite } from "./todowrite.ts"
import type { Tool } from "./tool.ts"
import { webfetch } from "./webfetch.ts"
import { write } from "./write.ts"

/** The tools that need nothing but a workspace. */
export const builtinTools: readonly Tool[] = [
  invalid,
  bash,
  read,
  glob,
  grep,
  edit,
  write,
  webfetch,
  todowrite,
  applyPatch,
]
