import { calls, says } from "@opencode/testing/script.ts"
import { dataOf, served, type Served } from "../served.ts"

/** A server with something of everything on it, for calls that need something to be about. */
export interface Scene extends Served {
  /** A new session, without a word. */
  empty(): Promise<string>
  /** A session with a prompt and its answer. */
  talked(): Promise<{ sessionID: string; messageID: string; part: { id: string; text: string } }>
  /** A session whose turn waits for a person to allow a command. */
  asks(): Promise<{ sessionID: string; permissionID: string }>
  /** The id of a question that a model has put to a person. */
  wonders(): Promise<string>
  terminal(): Promise<string>
  project(): Promise<string>
  /** The folder of a new worktree, once it is ready. */
  worktree(): Promise<string>
}

const ASKS = "run something"
const WONDERS = "ask me something"
const questions = [{ question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }] }]

export async function scene(): Promise<Scene> {
  const s = await served({
    git: true,
    permission: { bash: "ask" },
    files: { "a.txt": "one line\n", ".opencode/command/hello.md": "Say hello." },
    model({ messages }) {
      const last = messages.at(-1)
      if (last?.text.includes(ASKS)) return calls("bash", { command: "true" })
      return last?.text.includes(WONDERS) ? calls("question", { questions }) : says("Said.")
    },
  })
  const empty = async (): Promise<string> => (await dataOf(s.v2.session.create({}))).id
  const prompt = (text: string) => ({ parts: [{ type: "text" as const, text }] })
  return Object.assign(s, {
    empty,
    async talked() {
      const sessionID = await empty()
      const { info, parts } = await dataOf(s.v2.session.prompt({ sessionID, ...prompt("Say something.") }))
      const part = parts.find((one) => one.type === "text")!
      return { sessionID, messageID: info.id, part }
    },
    async asks() {
      const sessionID = await empty()
      await s.v2.session.promptAsync({ sessionID, ...prompt(ASKS) })
      const { id } = await s.world.happened("permission.asked", (asked) => asked.sessionID === sessionID)
      return { sessionID, permissionID: id }
    },
    async wonders() {
      const sessionID = await empty()
      await s.v2.session.promptAsync({ sessionID, ...prompt(WONDERS) })
      return (await s.world.happened("question.asked", (asked) => asked.sessionID === sessionID)).id
    },
    async worktree() {
      const { directory, name } = await dataOf(s.v2.worktree.create({ worktreeCreateInput: {} }))
      await s.world.happened("worktree.ready", (ready) => ready.name === name)
      return directory
    },
    project: async () => (await dataOf(s.v2.project.current())).id,
    terminal: async () => (await dataOf(s.v2.pty.create({ command: "/bin/sleep", args: ["60"] }))).id,
  })
}
