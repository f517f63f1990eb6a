import type { Home } from "../home.ts"
import type { AdmitDeps } from "../session/admit.ts"
import { attachments, type OpenAttachment } from "../session/attachment.ts"
import { toldIn } from "../turn/instructions-near.ts"
import { sinceCompaction } from "../turn/since-compaction.ts"
import type { FetchedFolders } from "../workspace/fetched.ts"
import type { Settings } from "./generations.ts"
import { explainMentions } from "./references.ts"
import type { Turns } from "./turns.ts"

export interface AdmittingInput {
  home: Home
  settings: Settings
  turns: Turns
  fetched: FetchedFolders
}

/** What makes a message of a prompt, by the settings of the moment. */
export function openAdmitting({ home, settings, turns, fetched }: AdmittingInput): AdmitDeps {
  const { boundary } = home
  const { agents, models } = settings
  const openAttachment = openAttachments({ home, settings, turns })
  return {
    host: boundary.host,
    models,
    openAttachment: (part, sessionID, told) =>
      boundary.effect(`attach ${sessionID}`, () => openAttachment(part, sessionID, told)),
    explain: explainMentions(home, () => settings.current().references, fetched),
    mayCome: turns.trust.mayCome,
    agents: { get: agents.get, names: agents.names, default: () => settings.current().agents.default },
  }
}

/** Files with the instructions that lie near them and were not told yet. */
function openAttachments({ home, settings, turns }: Omit<AdmittingInput, "fetched">): OpenAttachment {
  const { messages } = home.store
  const { seenBy, workspace } = turns.shared
  return async (part, sessionID, told) => {
    const { images, config, instructions } = await turns.of(settings.current())
    const near = async (real: string, known: ReadonlySet<string>) => {
      const found = await instructions.near(real, (path) => known.has(path))
      // The history may be long, and few files bring something.
      const before = found.length ? new Set(toldIn(sinceCompaction(messages.list(sessionID)))) : known
      return found.filter(({ from }) => !before.has(from))
    }
    return attachments({ workspace, limits: config.limits, images, seenBy, near })(part, sessionID, told)
  }
}
