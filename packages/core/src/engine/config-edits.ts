import { loadConfig, type ConfigSnapshot } from "../config/load.ts"
import { isSet, projectLevels } from "../config/sources.ts"
import type { TuiSettings } from "../config/tui.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Home } from "../home.ts"
import { fault } from "../lib/fault.ts"

/** Changes of the settings on disk, as clients ask for them. */
export interface ConfigEdits {
  /** What the user's own folders say, whatever the project. */
  global(): Promise<ConfigSnapshot>
  /** The settings of the screen in a folder. */
  tui(engine: { workspace: Workspace }): Promise<TuiSettings>
  /** Writes into the user's own file. @throws as `patchFile` */
  patchGlobal(patch: unknown): Promise<void>
  /** Writes into the project's file whose word counts most, or into a new one. @throws as `patchFile` */
  patchProject(engine: { workspace: Workspace }, patch: unknown): Promise<void>
}

export interface ConfigEditsInput {
  home: Pick<Home, "env" | "folders" | "trusted">
  /** Has the engine of a folder, or all, read their settings again. */
  reload(directory?: string): Promise<void>
}

/** So that editors know the file. It is never fetched. */
const BEGINNING = { $schema: "https://opencode.ai/config.json" }

export function createConfigEdits({ home, reload }: ConfigEditsInput): ConfigEdits {
  const { env, folders } = home
  return {
    global: () => loadConfig({ env, folders, directory: folders.home, worktree: folders.home, onlyUser: true }),

    async tui({ workspace: { directory, worktree } }) {
      const { loadTui } = await import("../config/tui.ts")
      return loadTui({ env, folders, directory, worktree, trusted: home.trusted })
    },

    async patchGlobal(patch) {
      const { patchFile } = await import("../config/patch.ts")
      const { userFile } = await import("../config/target.ts")
      const file = await userFile(folders)
      if (await patchFile(patch, { file, beginning: BEGINNING, state: folders.state })) await reload()
    },

    async patchProject({ workspace: { directory, worktree } }, patch) {
      if (isSet(env.OPENCODE_DISABLE_PROJECT_CONFIG))
        throw fault("bad_request", "OPENCODE_DISABLE_PROJECT_CONFIG leaves the project's settings out.")
      const { patchFile } = await import("../config/patch.ts")
      const { projectFile } = await import("../config/target.ts")
      const file = await projectFile({ directory, worktree })
      const within = home.trusted ? undefined : projectLevels({ directory, worktree })[0]
      if (await patchFile(patch, { file, beginning: BEGINNING, state: folders.state, within })) await reload(directory)
    },
  }
}
