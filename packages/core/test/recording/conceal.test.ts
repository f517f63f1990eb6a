import fc from "fast-check"
import { expect, test } from "vitest"
import { createConcealer } from "../../src/recording/conceal.ts"

const ENV = {
  ANTHROPIC_API_KEY: "sk-ant-0123456789",
  GITHUB_TOKEN: 'ghp_with"quote',
  HTTPS_PROXY: "http://me:pass%40word1@proxy.test:3128",
  OPENCODE_AUTH_CONTENT: '{"openai":{"type":"api","key":"sk-in-json-text"}}',
  SSH_AUTH_SOCK: "/tmp/ssh/agent.1",
  GIT_AUTHOR_NAME: "Somebody Known",
  SHORT_KEY: "abc",
}

test("keys of the environment are hidden in every spelling, and nothing else is", () => {
  const { text } = createConcealer(ENV)
  const shown: [string, string][] = [
    ["the key sk-ant-0123456789.", "the key [secret]."],
    ['{"a":"ghp_with\\"quote"}', '{"a":"[secret]"}'],
    ["?token=ghp_with%22quote", "?token=[secret]"],
    ["pass@word1 and pass%40word1", "[secret] and [secret]"],
    ["sk-in-json-text", "[secret]"],
    ["/tmp/ssh/agent.1 of Somebody Known: abc", "/tmp/ssh/agent.1 of Somebody Known: abc"],
  ]
  expect(shown.map(([given]) => text(given))).toEqual(shown.map(([, hidden]) => hidden))
})

test("what a request carries is learned from its headers and its address", () => {
  const concealer = createConcealer()
  concealer.learnMembers({ authorization: "Bearer from-the-header", "content-type": "application/json" })
  concealer.learnMembers("https://host.test/v1?key=from-the-query&alt=application-json")
  expect(concealer.text("from-the-header from-the-query application/json application-json")).toBe(
    "[secret] [secret] application/json application-json",
  )
})

test("a key is hidden wherever a stream is cut, and no other text is lost", () => {
  const words = fc.constantFrom("sk-ant-0123456789", "sk-ant-", "hello ", "s", "sk-ant-01234567", "\n")
  const given = fc.tuple(fc.array(words), fc.array(fc.nat(20)))
  fc.assert(
    fc.property(given, ([list, cuts]) => {
      const whole = list.join("")
      const concealer = createConcealer(ENV)
      const { push, rest } = concealer.stream()
      let [said, at] = ["", 0]
      for (const cut of [...cuts, whole.length]) {
        said += push(whole.slice(at, at + cut))
        at += cut
      }
      expect(said + rest()).toBe(concealer.text(whole))
    }),
  )
})
