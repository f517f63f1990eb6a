import type { ScreenEvent } from "@opencode/core/bus/screen.ts"
import type { Engine } from "@opencode/core/engine.ts"
import { inline } from "@opencode/protocol/schema.ts"
import { TuiCommandExecute, TuiPromptAppend, TuiSessionSelect, TuiToastShow } from "@opencode/protocol/tui.ts"
import { z } from "zod"
import { requestName } from "../event-schema.ts"
import { route, type Route } from "../route.ts"

/** Text for a prompt, which is written and not attached. */
const MAX_SCREEN_BYTES = 1024 * 1024

const Done = inline(() => z.boolean())
const shared = { tags: ["tui"], answer: Done }
const withBody = { ...shared, maxBodyBytes: MAX_SCREEN_BYTES }

/** @param body of the call, as whoever takes calls one by one gets it */
function ask(engine: Engine, call: { path: string; body: unknown }, event: ScreenEvent): true {
  engine.screen.ask(call, event)
  return true
}

/** A call without a body that has screens run one command. */
function press(name: string, command: string, words: { id: string; summary: string; answers: string }): Route {
  const path = `/tui/${name}`
  return route(
    "POST",
    path,
    { ...shared, ...words, description: `Has screens run the command ${command}.` },
    async (c) => ask(await c.engine(), { path, body: {} }, { type: "tui.command.execute", properties: { command } }),
  )
}

const appendPrompt = route(
  "POST",
  "/tui/append-prompt",
  {
    ...withBody,
    id: "tui.appendPrompt",
    summary: "Append TUI prompt",
    description: "Writes text at the end of the prompt that a person is writing.",
    answers: "Prompt processed successfully",
    body: TuiPromptAppend,
  },
  async ({ engine, body }) =>
    ask(await engine(), { path: "/tui/append-prompt", body }, { type: "tui.prompt.append", properties: body }),
)

/** Commands by the names that they had in settings of keys. Others are passed on as they are. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["session_new", "session.new"],
  ["session_list", "session.list"],
  ["session_share", "session.share"],
  ["session_interrupt", "session.interrupt"],
  ["session_compact", "session.compact"],
  ["messages_page_up", "session.page.up"],
  ["messages_page_down", "session.page.down"],
  ["messages_line_up", "session.line.up"],
  ["messages_line_down", "session.line.down"],
  ["messages_half_page_up", "session.half.page.up"],
  ["messages_half_page_down", "session.half.page.down"],
  ["messages_first", "session.first"],
  ["messages_last", "session.last"],
  ["agent_cycle", "agent.cycle"],
])

const executeCommand = route(
  "POST",
  "/tui/execute-command",
  {
    ...withBody,
    id: "tui.executeCommand",
    summary: "Execute TUI command",
    description: "Has screens run a command: `agent_cycle`, `session.new`.",
    answers: "Command executed successfully",
    body: TuiCommandExecute,
  },
  async ({ engine, body }) => {
    const command = COMMANDS.get(body.command) ?? body.command
    const event = { type: "tui.command.execute", properties: { command } } as const
    return ask(await engine(), { path: "/tui/execute-command", body }, event)
  },
)

const showToast = route(
  "POST",
  "/tui/show-toast",
  {
    ...withBody,
    id: "tui.showToast",
    summary: "Show TUI toast",
    description: "Shows a message for a moment, five seconds by default.",
    answers: "Toast notification shown successfully",
    body: TuiToastShow,
  },
  async ({ engine, body }) =>
    ask(await engine(), { path: "/tui/show-toast", body }, { type: "tui.toast.show", properties: body }),
)

const selectSession = route(
  "POST",
  "/tui/select-session",
  {
    ...withBody,
    id: "tui.selectSession",
    summary: "Select session",
    description: "Has screens show a session.",
    answers: "Session selected successfully",
    body: TuiSessionSelect,
    errors: ["NotFoundError"],
  },
  async ({ engine, body }) => {
    const opened = await engine()
    opened.sessions.get(body.sessionID)
    return ask(opened, { path: "/tui/select-session", body }, { type: "tui.session.select", properties: body })
  },
)

const Published = inline(() => {
  const shape = <T extends ScreenEvent["type"], P extends z.ZodType>(type: T, properties: P) =>
    z.object({ type: z.literal(type), properties }).meta({ id: requestName(type) })
  return z.discriminatedUnion("type", [
    shape("tui.prompt.append", TuiPromptAppend()),
    shape("tui.command.execute", TuiCommandExecute()),
    shape("tui.toast.show", TuiToastShow()),
    shape("tui.session.select", TuiSessionSelect()),
  ])
})

const publish = route(
  "POST",
  "/tui/publish",
  {
    ...withBody,
    id: "tui.publish",
    summary: "Publish TUI event",
    description: "Sends one of the events of screens as it is.",
    answers: "Event published successfully",
    body: Published,
  },
  async ({ engine, body: { type, properties } }) => {
    const event = { type, properties } as ScreenEvent
    return ask(await engine(), { path: "/tui/publish", body: event }, event)
  },
)

export const tuiRoutes = [
  appendPrompt,
  press("open-help", "help.show", {
    id: "tui.openHelp",
    summary: "Open help dialog",
    answers: "Help dialog opened successfully",
  }),
  press("open-sessions", "session.list", {
    id: "tui.openSessions",
    summary: "Open sessions dialog",
    answers: "Session dialog opened successfully",
  }),
  press("open-themes", "theme.list", {
    id: "tui.openThemes",
    summary: "Open themes dialog",
    answers: "Theme dialog opened successfully",
  }),
  press("open-models", "model.list", {
    id: "tui.openModels",
    summary: "Open models dialog",
    answers: "Model dialog opened successfully",
  }),
  press("submit-prompt", "prompt.submit", {
    id: "tui.submitPrompt",
    summary: "Submit TUI prompt",
    answers: "Prompt submitted successfully",
  }),
  press("clear-prompt", "prompt.clear", {
    id: "tui.clearPrompt",
    summary: "Clear TUI prompt",
    answers: "Prompt cleared successfully",
  }),
  executeCommand,
  showToast,
  publish,
  selectSession,
]
