import { fileContent } from "@opencode/core/workspace/file-content.ts"
import { folderNodes } from "@opencode/core/workspace/folder-nodes.ts"
import { File, FileContent, FileNode } from "@opencode/protocol/file.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { z } from "zod"
import { route } from "../route.ts"

const query = inline(() => z.object({ path: z.string() }))

const list = route(
  "GET",
  "/file",
  {
    id: "file.list",
    tags: ["file"],
    summary: "List files",
    description: "What is in a folder of the project, folders first. An empty path is the folder of the request.",
    answers: "Files and directories",
    query,
    answer: inline(() => z.array(FileNode())),
  },
  async ({ query: { path }, engine }) => folderNodes((await engine()).workspace, path),
)

const read = route(
  "GET",
  "/file/content",
  {
    id: "file.read",
    tags: ["file"],
    summary: "Read file",
    description:
      "A file of the project, up to 8 MB: text without the blank end, or bytes as base64. A missing one is empty.",
    answers: "File content",
    query,
    answer: FileContent,
  },
  async ({ query: { path }, engine }) => fileContent((await engine()).workspace, path),
)

const status = route(
  "GET",
  "/file/status",
  {
    id: "file.status",
    tags: ["file"],
    summary: "Get file status",
    description: "Files of the folder that are not as they were committed. Empty without git.",
    answers: "File status",
    answer: inline(() => z.array(File())),
  },
  async ({ engine }) => (await engine()).vcs.files(),
)

export const fileRoutes = [list, read, status]
