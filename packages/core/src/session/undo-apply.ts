import type { FileState, StoredContent } from "../store/change-store.ts"
import type { Contents } from "../store/contents.ts"
import { sentence } from "../workspace/open-file.ts"
import {
  findState,
  isInPlace,
  isSameState,
  missingFolders,
  putState,
  removeEmptyFolder,
  removeFolders,
} from "../workspace/file-state.ts"
import { shownPath } from "../workspace/odd-path.ts"
import { isInside } from "../workspace/paths.ts"
import { DRIFTED, NOT_KEPT, type UndoPlan } from "./undo-plan.ts"

/** Does what was planned, file by file. One that cannot be done is told, and the others go on. */
export interface UndoFiles {
  /** What can be known before anything is touched. Keeps the bytes that would be replaced. */
  ready(plan: UndoPlan): Promise<ReadyPlan>
  /** @returns the plan as it came out */
  apply(plan: ReadyPlan): Promise<UndoPlan>
}

export interface ReadyPlan {
  plan: UndoPlan
  kept: StoredContent[]
  /** Folders that will have to be made. */
  made: number
}

export function createUndoFiles({ contents, roots }: { contents: Contents; roots: readonly string[] }): UndoFiles {
  const isKept = ({ place }: UndoPlan, state: FileState) =>
    state.kind !== "file" || (state.hash !== undefined && contents.has(place, state.hash))

  async function ready(plan: UndoPlan): Promise<ReadyPlan> {
    const as = (told: UndoPlan, kept: StoredContent[] = []): ReadyPlan => ({ plan: told, kept, made: 0 })
    const { path, current, target } = plan
    if (!isToDo(plan)) return as(plan)
    // What a command did was looked for in the roots alone; a record that says otherwise is not believed.
    if (plan.observed && !roots.some((root) => isInside(root, path)))
      return as(left(plan, "refused", "it is outside of the workspace"))
    if (!isKept(plan, target)) return as(left(plan, "unknown", NOT_KEPT))
    const kept: StoredContent[] = []
    if (!isKept(plan, current)) {
      const { state, bytes } = await findState(path)
      if (!bytes || !isSameState(state, current)) return as(left(plan, "refused", DRIFTED))
      kept.push(await contents.put(plan.place, bytes))
    }
    return { plan, kept, made: target.kind === "absent" ? 0 : await missingFolders(path) }
  }

  async function apply({ plan }: ReadyPlan): Promise<UndoPlan> {
    const { path, place, current, target, folders } = plan
    if (!isToDo(plan)) return plan
    const bytes = target.kind === "file" && target.hash ? await contents.read(place, target.hash) : undefined
    if (target.kind === "file" && !bytes) return left(plan, "unknown", NOT_KEPT)
    try {
      if (!(await isInPlace(path))) return left(plan, "refused", "a folder above it is now a link")
      const { state, isFolder } = await findState(path)
      if (!isSameState(state, current)) return left(plan, "refused", DRIFTED)
      if (isFolder && target.kind !== "absent") await removeEmptyFolder(path)
      if (!isFolder || target.kind !== "absent") await putState(path, target, bytes)
      if (target.kind === "absent") await removeFolders(path, folders)
      return plan
    } catch (error) {
      const { syscall, code } = error as NodeJS.ErrnoException
      if (syscall === undefined) throw error
      return left(
        plan,
        "refused",
        IN_THE_WAY.has(code) ? "something stands in its place" : sentence(shownPath(path), error),
      )
    }
  }

  return { ready, apply }
}

/** A folder with files where a file has to be, or a file where a folder has to be. */
const IN_THE_WAY = new Set<string | undefined>(["ENOTEMPTY", "EEXIST", "ENOTDIR"])

export const isToDo = ({ current, target }: UndoPlan): boolean => current !== target && !isSameState(current, target)

/** Nothing was done to it, so there is nothing more to take back than before. */
function left(plan: UndoPlan, status: UndoPlan["status"], reason: string): UndoPlan {
  const { keep: _, ...rest } = plan
  return { ...rest, target: plan.current, status, reason }
}

/** Files that go first, the deepest first, so that a folder can become a file; then the others from the top. */
export function inOrder<T extends { plan: UndoPlan }>(plans: readonly T[]): T[] {
  const depth = ({ plan }: T) => plan.path.split("/").length
  const goes = plans.filter(({ plan }) => plan.target.kind === "absent").sort((a, b) => depth(b) - depth(a))
  const comes = plans.filter(({ plan }) => plan.target.kind !== "absent").sort((a, b) => depth(a) - depth(b))
  return [...goes, ...comes]
}
