import type { Route } from "../route.ts"
import { authRoutes } from "./auth.ts"
import { compactionRoutes } from "./compaction.ts"
import { commandRoutes } from "./command.ts"
import { childrenRoutes } from "./children.ts"
import { configRoutes } from "./config.ts"
import { eventRoutes } from "./event.ts"
import { experimentalSessionRoutes } from "./experimental-session.ts"
import { fileRoutes } from "./file.ts"
import { findRoutes } from "./find.ts"
import { globalRoutes } from "./global.ts"
import { instanceRoutes } from "./instance.ts"
import { logRoutes } from "./log.ts"
import { messageRoutes } from "./message.ts"
import { permissionRoutes } from "./permission.ts"
import { permissionExplainRoutes } from "./permission-explain.ts"
import { projectRoutes } from "./project.ts"
import { providerAuthRoutes } from "./provider-auth.ts"
import { providerRoutes } from "./provider.ts"
import { ptyRoutes } from "./pty.ts"
import { questionRoutes } from "./question.ts"
import { savedApprovalRoutes } from "./saved-approval.ts"
import { sessionHistoryRoutes } from "./session-history.ts"
import { sessionTransferRoutes } from "./session-transfer.ts"
import { sessionRoutes } from "./session.ts"
import { skillRoutes } from "./skill.ts"
import { disposeRoutes } from "./dispose.ts"
import { toolRoutes } from "./tool.ts"
import { trustRoutes } from "./trust.ts"
import { tuiRoutes } from "./tui.ts"
import { tuiControlRoutes } from "./tui-control.ts"
import { usageRoutes } from "./usage.ts"
import { undoRoutes } from "./undo.ts"
import { vcsRoutes } from "./vcs.ts"
import { worktreeRoutes } from "./worktree.ts"

/** Every call there is. */
export const routes: readonly Route[] = [
  ...globalRoutes,
  ...eventRoutes,
  ...logRoutes,
  ...sessionRoutes,
  ...childrenRoutes,
  ...sessionHistoryRoutes,
  ...sessionTransferRoutes,
  ...experimentalSessionRoutes,
  ...messageRoutes,
  ...commandRoutes,
  ...compactionRoutes,
  ...usageRoutes,
  ...undoRoutes,
  ...permissionRoutes,
  ...permissionExplainRoutes,
  ...savedApprovalRoutes,
  ...questionRoutes,
  ...configRoutes,
  ...providerRoutes,
  ...providerAuthRoutes,
  ...authRoutes,
  ...instanceRoutes,
  ...projectRoutes,
  ...findRoutes,
  ...fileRoutes,
  ...vcsRoutes,
  ...worktreeRoutes,
  ...toolRoutes,
  ...skillRoutes,
  ...trustRoutes,
  ...disposeRoutes,
  ...ptyRoutes,
  ...tuiRoutes,
  ...tuiControlRoutes,
]
