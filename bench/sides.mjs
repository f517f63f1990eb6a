// The two that are compared, each with a home of its own and an equal project.
import { execFileSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** Both sides read it from the same words. */
export const PROJECT_FILES = Array.from({ length: 30 }, (_, index) => `src/part-${String(index).padStart(2, "0")}.ts`)

/**
 * @param name "ours" or "theirs"
 * @param argv the command to start
 * @param root an empty folder for its home and project
 * @param modelUrl the scripted model
 */
export function makeSide({ name, argv, root, modelUrl }) {
  const home = join(root, "home")
  const project = join(root, "project")
  const env = {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    SHELL: "/bin/bash",
    HOME: home,
    TMPDIR: join(root, "tmp"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  }
  for (const folder of [project, env.TMPDIR, env.XDG_DATA_HOME, env.XDG_STATE_HOME, env.XDG_CACHE_HOME])
    mkdirSync(folder, { recursive: true })
  write(join(env.XDG_CONFIG_HOME, "opencode/opencode.json"), JSON.stringify(configuration(modelUrl), undefined, 2))
  makeProject(project)
  return { name, argv, env, project }
}

function configuration(modelUrl) {
  return {
    model: "mock/large",
    small_model: "mock/large",
    permission: { "*": "allow" },
    provider: {
      mock: {
        name: "Mock Provider",
        npm: "@ai-sdk/openai-compatible",
        options: { baseURL: `${modelUrl}/v1`, apiKey: "mock-key" },
        models: {
          large: {
            name: "Mock Large",
            tool_call: true,
            // So large that no prompt of the bench is ever compacted.
            limit: { context: 2_000_000, output: 8_000 },
          },
        },
      },
    },
  }
}

function makeProject(folder) {
  write(join(folder, "README.md"), "# A small project\n\nIt counts.\n")
  write(join(folder, "package.json"), JSON.stringify({ name: "small-project", version: "1.0.0", type: "module" }))
  PROJECT_FILES.forEach((file, index) => write(join(folder, file), sourceText(index)))
  const git = (...args) =>
    execFileSync("git", ["-c", "user.name=Bench", "-c", "user.email=bench@example.com", ...args], { cwd: folder })
  git("init", "--quiet", "--initial-branch=main")
  git("add", "--all")
  git("commit", "--quiet", "--message=start")
}

const sourceText = (index) =>
  Array.from({ length: 12 }, (_, line) => `export const value${line} = ${index * 100 + line}\n`).join("")

function write(file, text) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
