import { expect, test } from "vitest"
import { createConnection, type Connection } from "../src/connection.ts"

const MAX_LINE_BYTES = 1_000

/** One end of a connection, whose other end is the test. */
function openEnd(answer: (method: string) => Promise<object>) {
  const said: Record<string, unknown>[] = []
  const heard: string[] = []
  let wake = (): void => {}
  const waiting: string[] = []
  let isOver = false
  async function* input(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const text = waiting.shift()
      if (text !== undefined) yield Buffer.from(text)
      else if (isOver) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const connection: Connection = createConnection({
    input: input(),
    send: (line) => void said.push(JSON.parse(line) as Record<string, unknown>),
    answer: ({ method }) => answer(method),
    hear: (method) => void heard.push(method),
    ended: () => void heard.push("ended"),
    note: () => {},
    maxLineBytes: MAX_LINE_BYTES,
  })
  return {
    connection,
    said,
    heard,
    served: connection.serve(),
    says(message: object) {
      waiting.push(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
      wake()
    },
    ends() {
      isOver = true
      wake()
    },
  }
}

test("requests go both ways at once, and each gets its own answer", async () => {
  const end = openEnd(async (method) => ({ said: method }))
  const first = end.connection.request("a", {})
  const second = end.connection.request("b", {})
  end.says({ id: 1, result: "of b" })
  end.says({ id: 0, error: { code: 7, message: "no", data: 1 } })
  end.says({ id: 0, method: "theirs" })
  await expect(first).rejects.toMatchObject({ code: 7, message: "no", data: 1 })
  expect(await second).toBe("of b")
  end.ends()
  await end.served
  expect(end.said).toContainEqual({ jsonrpc: "2.0", id: 0, result: { said: "theirs" } })
})

test("when the other side is gone what was asked of it fails, and what it asked is finished first", async () => {
  let finish = (_: object): void => {}
  const end = openEnd(() => new Promise((resolve) => (finish = resolve)))
  const asked = end.connection.request("a", {})
  end.says({ id: 5, method: "slow" })
  end.ends()
  await expect(asked).rejects.toThrow("gone")
  expect(end.heard).toEqual(["ended"])
  finish({ done: true })
  await end.served
  expect(end.said.at(-1)).toEqual({ jsonrpc: "2.0", id: 5, result: { done: true } })
})

test("who stops waiting for an answer takes the question back, once, and is not disturbed when it comes", async () => {
  const end = openEnd(async () => ({}))
  const stop = new AbortController()
  const asked = end.connection.request("a", {}, stop.signal)
  stop.abort(new Error("enough"))
  await expect(asked).rejects.toThrow("enough")
  await expect(end.connection.request("b", {}, stop.signal)).rejects.toThrow("enough")
  expect(end.said).toEqual([
    { jsonrpc: "2.0", id: 0, method: "a", params: {} },
    { jsonrpc: "2.0", method: "$/cancel_request", params: { requestId: 0 } },
  ])
  end.says({ id: 0, result: {} })
  end.says({ id: 0, error: { code: -32800, message: "Request cancelled" } })
  end.says({ method: "note" })
  end.ends()
  await end.served
  expect(end.heard).toEqual(["note", "ended"])
  expect(end.said).toHaveLength(2)
})

test("a question that has its answer is not taken back, and one after the end is not put", async () => {
  const end = openEnd(async () => ({}))
  const stop = new AbortController()
  const asked = end.connection.request("a", {}, stop.signal)
  end.says({ id: 0, result: 1 })
  expect(await asked).toBe(1)
  end.ends()
  await end.served
  stop.abort()
  await expect(end.connection.request("b", {})).rejects.toThrow("gone")
  expect(end.said).toHaveLength(1)
})

test.each([
  [{ result: 1, error: null }, { result: 1 }],
  [{ result: null }, { result: null }],
  [{}, { result: undefined }],
  [{ error: "no" }, { error: { code: 0, message: "refused" } }],
  [{ error: { code: "x" } }, { error: { message: "refused" } }],
  [{ result: 1, error: { code: 5, message: "both" } }, { error: { code: 5, message: "both" } }],
])(
  "an answer that reads %j settles the question",
  async (answer, { result, error }: { result?: unknown; error?: object }) => {
    const end = openEnd(async () => ({}))
    const asked = end.connection.request("a", {})
    end.says({ id: 0, ...answer })
    if (error) await expect(asked).rejects.toMatchObject(error)
    else expect(await asked).toEqual(result)
    end.ends()
    await end.served
    expect(end.said).toHaveLength(1)
  },
)

test.each([
  ["a request", { id: 7, method: "session/prompt" }, 7],
  ["a request with a text as its id", { id: "a-1", method: "x" }, "a-1"],
  ["an answer, whose id is one of ours", { id: 7 }, null],
  ["a notification", { method: "x" }, null],
])("%s that is too long is refused where its sender looks for it", async (_, message, id) => {
  const end = openEnd(async () => ({}))
  end.says({ ...message, params: "x".repeat(MAX_LINE_BYTES) })
  end.ends()
  await end.served
  expect(end.said).toMatchObject([{ id, error: { code: -32600 } }])
})

test("more requests than anybody needs at once are refused, and a bug tells nothing of itself", async () => {
  const waits: ((result: object) => void)[] = []
  const end = openEnd((method) =>
    method === "bug" ? Promise.reject(new Error("a secret")) : new Promise((resolve) => waits.push(resolve)),
  )
  end.says({ id: "bug", method: "bug" })
  for (let id = 0; id < 300; id++) end.says({ id, method: "slow" })
  await expect.poll(() => end.said.length).toBeGreaterThanOrEqual(44)
  for (const finish of waits) finish({})
  end.ends()
  await end.served
  expect(end.said).toContainEqual({ jsonrpc: "2.0", id: "bug", error: { code: -32603, message: "Internal error" } })
  expect(end.said.filter(({ error }) => error)).toHaveLength(1 + 300 - 256)
  expect(end.said).toHaveLength(301)
})
