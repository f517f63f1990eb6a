import type { TrustItem } from "@opencode/protocol/trust.ts"
import { canonicalPath } from "../workspace/canonical.ts"
import { trustItem } from "./held-item.ts"
import { belowProject } from "./below.ts"
import type { ConfigIssue } from "./issue.ts"
import type { ReadOptions } from "./read-source.ts"
import { localFiles } from "./local-files.ts"
import { isPlain, projectLevels, type Source } from "./sources.ts"
import { settleUntrusted, type SettledItems } from "./untrusted.ts"

/** Why a file of a project is left out that is not in the project. */
export const LINK = "it is a link to something outside of this project, which is followed once you trust it"

/** With its line, as the issue about it tells it. */
export function withLine(item: TrustItem, place: readonly string[], issues: readonly ConfigIssue[]): TrustItem {
  const name = JSON.stringify(place)
  const line = issues.find(({ kind, path }) => kind === "held_back" && JSON.stringify(path) === name)?.line
  return line === undefined ? item : { ...item, line }
}

export async function linkItem(
  source: Source & { text: string },
  { folders, seen, budget }: ReadOptions,
): Promise<TrustItem | undefined> {
  const { file = "", level = "", leadsTo = "" } = source
  const within = await canonicalPath(level)
  const held = { kind: "link" as const, path: [], why: "reads", definition: leadsTo }
  const files = await localFiles(`{file:${leadsTo}}`, { bases: [within], within, home: folders.home, seen, budget })
  return trustItem(held, { file, folder: within }, files)
}

/** @returns what settles the text of a source of the project */
export async function untrustedText(
  source: Source,
  options: ReadOptions,
): Promise<(value: unknown) => Promise<SettledItems>> {
  const { env, folders, seen, directory, trust, budget } = options
  const { file = "", level = directory } = source
  const input = {
    file,
    bound: await canonicalPath(level),
    within: await canonicalPath(projectLevels(options)[0] ?? level),
    directory,
    below: belowProject({ ...options, merged: options.around }),
    restrict: await options.restrict(),
    variables: { env, home: folders.home, folder: source.folder, seen, isPlain: isPlain(source) },
    budget,
    trust: trust ?? { allows: () => false },
  }
  return (value: unknown) => settleUntrusted(value, input)
}
