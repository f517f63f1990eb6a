import { says } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { served } from "./served.ts"

const files = {
  "a.txt": "alpha",
  ".opencode/command/git/tidy.md": "---\ndescription: Tidies\nsubtask: false\n---\nTidy $1 of $ARGUMENTS",
  ".opencode/skill/greet/SKILL.md": "---\nname: greet\ndescription: Greets\n---\nHello.\n",
}
const options = { model: () => says("done"), files }

test("clients of the published SDK list commands and skills, and run one with files", async () => {
  await using s = await served(options)
  const commands = (await s.v2.command.list()).data ?? []
  expect(commands.map(({ name, source }) => [name, source])).toEqual([
    ["init", "command"],
    ["review", "command"],
    ["git/tidy", "command"],
    ["customize-opencode", "skill"],
    ["greet", "skill"],
  ])
  expect(commands[1]).toMatchObject({ subtask: true, hints: ["$ARGUMENTS"] })
  expect(commands[2]).toEqual({
    name: "git/tidy",
    description: "Tidies",
    source: "command",
    template: "Tidy $1 of $ARGUMENTS",
    subtask: false,
    hints: ["$1", "$ARGUMENTS"],
  })
  const skills = (await s.v2.app.skills()).data ?? []
  expect(skills.find(({ name }) => name === "greet")).toEqual({
    name: "greet",
    description: "Greets",
    location: `${s.world.project}/.opencode/skill/greet/SKILL.md`,
    content: "Hello.\n",
  })

  const { id } = (await s.v1.session.create({ body: {} })).data ?? { id: "" }
  const url = `file://${s.world.project}/a.txt`
  const answer = await s.v2.session.command({
    sessionID: id,
    command: "git/tidy",
    arguments: "the house",
    model: "mock/large",
    parts: [{ type: "file", mime: "text/plain", filename: "a.txt", url }],
  })
  expect(answer.data?.info).toMatchObject({ role: "assistant", modelID: "large" })
  const [prompt] = (await s.v1.session.messages({ path: { id } })).data ?? []
  expect(prompt?.parts.map((part) => part.type)).toEqual(["text", "text", "text", "file"])
  expect(prompt?.parts[0]).toMatchObject({ text: "Tidy the house of the house" })
})

test("an unknown command is a bad request that names what is near, an unknown session is not found", async () => {
  await using s = await served(options)
  const { id } = (await s.v1.session.create({ body: {} })).data ?? { id: "" }
  const body = { command: "git/tidi", arguments: "" }
  const refused = await s.post(`/session/${id}/command`, body)
  expect(refused.status).toBe(400)
  expect(await refused.json()).toMatchObject({
    name: "BadRequest",
    data: { message: "Command not found: git/tidi. Did you mean git/tidy?" },
  })
  expect((await s.post("/session/ses_unknown000000000000000000/command", body)).status).toBe(404)
  expect((await s.post(`/session/${id}/command`, { command: "review" })).status).toBe(400)
})

test("`init` is the command of that name, also when the user has written an own one", async () => {
  await using s = await served({ ...options, files: { ".opencode/command/init.md": "My way." } })
  const { id } = (await s.v1.session.create({ body: {} })).data ?? { id: "" }
  const messageID = "msg_0123456789abABCDEFGHIJKLMN"
  const answer = await s.v2.session.init({ sessionID: id, providerID: "mock", modelID: "large", messageID })
  expect(answer.data).toBe(true)
  const [prompt] = (await s.v1.session.messages({ path: { id } })).data ?? []
  expect(prompt).toMatchObject({ info: { id: messageID }, parts: [{ text: "My way." }] })
})
