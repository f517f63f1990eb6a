import { join } from "node:path"
import { foldersToOpen, resolveReferences, type Reference } from "../config/references.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import type { ConfigIssue } from "../config/issue.ts"
import type { Home } from "../home.ts"
import { mentionsIn, mentionsNote } from "../session/mentions.ts"
import type { AdmitDeps } from "../session/admit.ts"
import { createFetchedFolders, type FetchedFolders, type FetchedInput } from "../workspace/fetched.ts"
import type { Workspace } from "../workspace/workspace.ts"

/** The references of a folder, as the settings name them. */
export interface References {
  list: readonly Reference[]
  /** Those that rules have to open for reading. */
  folders: string[]
  issues: ConfigIssue[]
}

export interface ReferencesInput {
  home: Home
  workspace: Workspace
  config: Pick<ConfigSnapshot, "value" | "origin">
}

/** Looks up where they lead, with each reading of the settings. Nothing is fetched. */
export async function openReferences({ home, workspace, config }: ReferencesInput): Promise<References> {
  const { references } = config.value
  if (!references) return { list: [], folders: [], issues: [] }
  const { boundary, env, folders, trusted } = home
  const { directory, roots } = workspace
  const { references: list, issues } = await boundary.found("references", { directory }, () =>
    resolveReferences({
      references,
      origin: config.origin,
      directory,
      roots,
      home: folders.home,
      repositories: join(folders.data, "repos"),
      github: env.OPENCODE_REPO_CLONE_GITHUB_BASE_URL,
      isTrusted: () => trusted,
    }),
  )
  return { list, issues, folders: foldersToOpen(list, roots) }
}

/** Fetches those of them that are repositories, when somebody opens one. */
export const fetchedReferences = (
  list: () => readonly Reference[],
  { log, host }: Home,
  git: FetchedInput["git"],
): FetchedFolders =>
  createFetchedFolders({
    log,
    git,
    now: host.now,
    folders: () => list().flatMap(({ path, repository }) => (repository ? [{ folder: path, ...repository }] : [])),
  })

/** Says what a prompt means by the names of references, and has what it names be there soon. */
export function explainMentions(
  { boundary }: Home,
  list: () => readonly Reference[],
  fetched: FetchedFolders,
): AdmitDeps["explain"] {
  return async (text, sessionID) => {
    const references = list()
    if (references.length === 0) return undefined
    return boundary.effect(`mentions ${sessionID}`, async () => {
      const mentions = mentionsIn(text, references)
      for (const { reference } of mentions) if (reference.repository) fetched.begin(reference.path)
      return mentionsNote(mentions)
    })
  }
}
