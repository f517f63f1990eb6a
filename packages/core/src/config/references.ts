import { dirname, isAbsolute, join, resolve } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import { ToolFailure } from "../lib/fault.ts"
import { canonicalPath } from "../workspace/canonical.ts"
import { isInside } from "../workspace/paths.ts"
import type { ConfigIssue } from "./issue.ts"
import type { Origin } from "./merge.ts"
import { isRepository, leadsOut, parseRepository, type Repository } from "./reference.ts"

/** A folder besides the project that the model may read in, and its name in prompts (`@name`). */
export interface Reference {
  name: string
  /** Canonical; it need not exist. */
  path: string
  description?: string
  /** Not offered where names are completed. It may be named all the same. */
  hidden: boolean
  /** Where its content is fetched from, when somebody first needs it. */
  repository?: Repository
}

export interface ReferencesInput {
  references: NonNullable<Config["references"]>
  origin(path: readonly string[]): Origin | undefined
  /** What a path without a file that says so is relative to. */
  directory: string
  home: string
  roots: readonly string[]
  /** Where repositories are kept. */
  repositories: string
  /** In place of GitHub. */
  github?: string | undefined
  isTrusted(): boolean
}

/** Told to the model and typed by people: letters, digits, and what joins them. */
const NAME = /^[a-z0-9_][\w.-]*$/i

/** In the order of their names. What cannot be used is left out, with an issue. */
export async function resolveReferences(
  input: ReferencesInput,
): Promise<{ references: Reference[]; issues: ConfigIssue[] }> {
  const references: Reference[] = []
  const issues: ConfigIssue[] = []
  for (const [name, value] of Object.entries(input.references).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const found = NAME.test(name) ? await resolveOne(name, value, input) : { problem: "its name is not one word" }
    if (!("problem" in found)) {
      references.push(found)
      continue
    }
    const file = input.origin(["references", name])?.file
    const message = `The reference "${name}" is left out: ${found.problem}.`
    issues.push({
      severity: "warning",
      kind: "reference",
      message,
      path: ["references", name],
      ...(file ? { file } : {}),
    })
  }
  return { references, issues }
}

type Written = ReferencesInput["references"][string]

async function resolveOne(
  name: string,
  value: Written,
  input: ReferencesInput,
): Promise<Reference | { problem: string }> {
  const { description, hidden = false } = typeof value === "string" ? {} : value
  const facts = { name, hidden, ...(description === undefined ? {} : { description }) }
  const address = typeof value === "string" ? (isRepository(value) ? value : undefined) : repositoryOf(value)
  if (address !== undefined) {
    const branch = typeof value === "object" && "branch" in value ? value.branch : undefined
    const repository = parseRepository(address, { branch, github: input.github })
    if ("problem" in repository) return repository
    return { ...facts, path: await canonicalPath(join(input.repositories, ...repository.segments)), repository }
  }
  const written = typeof value === "string" ? value : "path" in value ? value.path : ""
  return localReference(written, facts, input)
}

const repositoryOf = (value: Exclude<Written, string>): string | undefined =>
  "repository" in value ? value.repository : undefined

async function localReference(
  written: string,
  facts: Pick<Reference, "name" | "hidden" | "description">,
  { origin, directory, home, roots, isTrusted }: ReferencesInput,
): Promise<Reference | { problem: string }> {
  const from = origin(["references", facts.name])
  const path = written === "~" || written.startsWith("~/") ? join(home, written.slice(1)) : written
  if (path === "") return { problem: "it has no path" }
  try {
    const base = from?.file === undefined ? directory : dirname(from.file)
    const real = await canonicalPath(isAbsolute(path) ? path : resolve(base, path))
    // Whoever approved a path that says where it leads has approved that; of a link nobody was told.
    if (from?.layer === "project" && !isTrusted() && !leadsOut(written) && !roots.some((root) => isInside(root, real)))
      return { problem: "it leads out of the project; it is held back until you trust this project" }
    return { ...facts, path: real }
  } catch (error) {
    if (error instanceof ToolFailure) return { problem: error.message.replace(/\.$/, "") }
    throw error
  }
}

/** Those that the rules have to open for reading: outside of the workspace. */
export const foldersToOpen = (references: readonly Reference[], roots: readonly string[]): string[] =>
  references.map(({ path }) => path).filter((path) => !roots.some((root) => isInside(root, path)))
