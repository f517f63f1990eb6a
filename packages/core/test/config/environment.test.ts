import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { limitsFromEnvironment } from "@opencode/core/config/environment.ts"
import { expect, test } from "vitest"
import { place } from "./place.ts"

/** Every variable of OpenCode that begins with `OPENCODE_`: who reads it, or in a sentence why nobody does. */
const VARIABLES: Readonly<Record<string, string>> = {
  CONFIG: "core/src/config/sources.ts",
  CONFIG_DIR: "core/src/config/folders.ts",
  CONFIG_CONTENT: "core/src/config/sources.ts",
  TUI_CONFIG: "core/src/config/tui.ts",
  PERMISSION: "core/src/config/environment.ts",
  AUTH_CONTENT: "core/src/home.ts",
  DB: "core/src/home.ts",
  SERVER_PASSWORD: "cli/src/commands/serve.ts",
  SERVER_USERNAME: "cli/src/commands/serve.ts",
  MODELS_URL: "cli/src/commands/models.ts",
  MODELS_PATH: "core/src/home.ts",
  LOG_LEVEL: "core/src/config/environment.ts",
  PRINT_LOGS: "cli/src/compose.ts",
  AUTO_SHARE: "core/src/config/environment.ts",
  DISABLE_SHARE: "core/src/config/environment.ts",
  DISABLE_AUTOUPDATE: "core/src/config/environment.ts",
  DISABLE_AUTOCOMPACT: "core/src/config/environment.ts",
  DISABLE_PRUNE: "core/src/config/environment.ts",
  DISABLE_PROJECT_CONFIG: "core/src/config/sources.ts",
  DISABLE_MODELS_FETCH: "cli/src/commands/models.ts",
  ENABLE_EXPERIMENTAL_MODELS: "core/src/engine/settings.ts",
  DISABLE_CLAUDE_CODE: "core/src/config/instruction-names.ts",
  DISABLE_CLAUDE_CODE_PROMPT: "core/src/config/instruction-names.ts",
  DISABLE_EXTERNAL_SKILLS: "core/src/extension/skill-places.ts",
  DISABLE_CLAUDE_CODE_SKILLS: "core/src/extension/skill-places.ts",
  REPO_CLONE_GITHUB_BASE_URL: "core/src/engine/references.ts",
  EXPERIMENTAL_BASH_DEFAULT_TIMEOUT_MS: "core/src/config/environment.ts",
  EXPERIMENTAL_OUTPUT_TOKEN_MAX: "core/src/config/environment.ts",
  // Kept from the children of this program, and otherwise not ours.
  API_KEY: "core/src/process/environment.ts",
  CONSOLE_TOKEN: "core/src/process/environment.ts",

  // With parts that are not there yet.
  PURE: "With plugins: none is loaded.",
  DISABLE_DEFAULT_PLUGINS: "With plugins: none comes along.",
  DISABLE_LSP_DOWNLOAD: "With language servers; nothing is ever downloaded unasked.",
  EXPERIMENTAL_LSP_TOOL: "With language servers.",
  EXPERIMENTAL_LSP_TY: "With language servers.",
  EXPERIMENTAL_OXFMT: "With formatters.",
  EXPERIMENTAL_REFERENCES: "Switches references on, which are always on here.",
  WEBSEARCH_PROVIDER: "With search on the web.",
  ENABLE_EXA: "With search on the web.",
  ENABLE_PARALLEL: "With search on the web.",
  EXPERIMENTAL_EXA: "With search on the web.",
  EXPERIMENTAL_PARALLEL: "With search on the web.",
  ENABLE_QUESTION_TOOL: "With the question tool.",
  EXPERIMENTAL_PLAN_MODE: "Switches on what is always on here: handing over from a plan.",
  ALWAYS_NOTIFY_UPDATE: "With updates.",
  DISABLE_EMBEDDED_WEB_UI: "With the web screen.",
  DISABLE_MOUSE: "With the screen.",
  DISABLE_TERMINAL_TITLE: "With the screen.",
  EXPERIMENTAL_DISABLE_COPY_ON_SELECT: "With the screen.",
  EDITOR_SSE_PORT: "With editors.",
  ZED_DB: "With editors.",
  GIT_BASH_PATH: "With Windows.",
  CLIENT: "With the clients that set it; nothing depends on it.",
  EXPERIMENTAL_WORKSPACES: "With workspaces of several folders.",
  EXPERIMENTAL_BACKGROUND_SUBAGENTS: "With subagents in the background.",
  EXPERIMENTAL_FILEWATCHER: "With watching of files.",
  EXPERIMENTAL_DISABLE_FILEWATCHER: "With watching of files.",

  // Of its insides, which ours do not share.
  PID: "Its processes tell each other of themselves by it.",
  TERMINAL: "Its processes tell each other of themselves by it.",
  ROUTE: "Its screen is started on a page by it.",
  WORKSPACE_ID: "Its processes tell each other of themselves by it.",
  FAKE_VCS: "Its tests.",
  AUTO_HEAP_SNAPSHOT: "Its developers.",
  FAST_BOOT: "Its developers.",
  SHOW_TTFD: "Its developers.",
  DISABLE_CHANNEL_DB: "It has a database for each channel of releases; we have one.",
  DISABLE_FFF: "Its library for finding files.",
  EXPERIMENTAL: "Switches on what it is not sure of; each of these has a name of its own.",
  EXPERIMENTAL_CODE_MODE: "An experiment of its own.",
  EXPERIMENTAL_NATIVE_LLM: "An experiment of its own.",
  EXPERIMENTAL_EVENT_SYSTEM: "An experiment of its own.",
  EXPERIMENTAL_WEBSOCKETS: "An experiment of its own.",
  EXPERIMENTAL_ICON_DISCOVERY: "An experiment of its own.",
}

const sourceOf = (file: string): string =>
  readFileSync(join(fileURLToPath(new URL("../../..", import.meta.url)), file), "utf8")
const isFile = (told: string): boolean => told.endsWith(".ts")

test.each(Object.entries(VARIABLES).filter(([, told]) => isFile(told)))("OPENCODE_%s is read in %s", (name, file) => {
  expect(sourceOf(file)).toMatch(new RegExp(`OPENCODE_${name}\\b`))
})

test("of every other it is said why it is not", () => {
  const reasons = Object.entries(VARIABLES).filter(([, told]) => !isFile(told))
  expect(reasons.filter(([, told]) => !/^[A-Z].{5,}[.]$/.test(told))).toEqual([])
})

/** The variable, and what it sets. */
const settings: [Record<string, string>, object][] = [
  [{ OPENCODE_DISABLE_AUTOUPDATE: "1" }, { autoupdate: false }],
  [{ OPENCODE_DISABLE_AUTOUPDATE: "0" }, {}],
  [{ OPENCODE_AUTO_SHARE: "true" }, { share: "auto" }],
  [{ OPENCODE_AUTO_SHARE: "1", OPENCODE_DISABLE_SHARE: "1" }, { share: "disabled" }],
  [
    { OPENCODE_DISABLE_AUTOCOMPACT: "TRUE", OPENCODE_DISABLE_PRUNE: "1" },
    { compaction: { auto: false, prune: false } },
  ],
  [{ OPENCODE_LOG_LEVEL: "warn" }, { logLevel: "WARN" }],
  [{ OPENCODE_LOG_LEVEL: "loud" }, {}],
  [{ OPENCODE_PERMISSION: "deny" }, { permission: "deny" }],
]
test.each(settings)("%j", async (env, value) => {
  await using at = await place()
  expect((await at.load({ env })).value).toEqual(value)
})

const limits: [string, string, object][] = [
  ["BASH_DEFAULT_TIMEOUT_MS", "1500", { commandTimeoutMs: 1_500 }],
  ["BASH_DEFAULT_TIMEOUT_MS", "99999999999", { commandTimeoutMs: 2 ** 31 - 1 }],
  ["OUTPUT_TOKEN_MAX", " 8000 ", { maxOutputTokens: 8_000 }],
  ...["", " ", "0", "-5", "1.5", "soon", "Infinity"].map((text): [string, string, object] => [
    "OUTPUT_TOKEN_MAX",
    text,
    {},
  ]),
]
test.each(limits)("OPENCODE_EXPERIMENTAL_%s=%j", (name, text, expected) => {
  expect(limitsFromEnvironment({ [`OPENCODE_EXPERIMENTAL_${name}`]: text })).toEqual(expected)
})
