import { StorageClean, StorageCleaned, StorageReport } from "@opencode/protocol/storage.ts"
import { route } from "../route.ts"

const report = route(
  "GET",
  "/storage",
  {
    id: "storage.get",
    tags: ["storage"],
    summary: "Get storage",
    description: "What the program keeps on disk, and what cleaning would free of it. Looks at every file.",
    answers: "What is kept",
    answer: StorageReport,
    isGlobal: true,
    mayTakeLong: true,
  },
  async ({ server: { engines }, signal }) => engines.storage.report(signal()),
)

const clean = route(
  "POST",
  "/storage/clean",
  {
    id: "storage.clean",
    tags: ["storage"],
    summary: "Clean storage",
    description:
      "Removes what can be had again or was left behind: never conversations or what undo needs. `names` chooses; what would have to be fetched again is only removed when it is named. `dryRun` tells and removes nothing.",
    answers: "What was removed",
    body: StorageClean,
    isBodyOptional: true,
    answer: StorageCleaned,
    isGlobal: true,
    mayTakeLong: true,
  },
  async ({ body, server: { engines } }) => engines.storage.clean(body),
)

export const storageRoutes = [report, clean]
