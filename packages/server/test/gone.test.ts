import { EventEmitter } from "node:events"
import type { IncomingMessage } from "node:http"
import { isFault } from "@opencode/core/lib/fault.ts"
import { expect, test } from "vitest"
import { incomingOf } from "../src/node.ts"

const request = { method: "GET", url: "/", headers: {} } as unknown as IncomingMessage
const responseWith = (state: { writableFinished: boolean; destroyed: boolean }) =>
  Object.assign(new EventEmitter(), state)

test.each(["before", "after"])(
  "a client that goes %s its request asks for it stops the work, and is no bug",
  (when) => {
    const response = responseWith({ writableFinished: false, destroyed: when === "before" })
    const signal = incomingOf(request, response).signal()
    if (when === "after") response.emit("close")
    expect(signal.aborted).toBe(true)
    expect(isFault(signal.reason, "aborted")).toBe(true)
  },
)

test("a client that has its answer stops nothing", () => {
  const response = responseWith({ writableFinished: true, destroyed: true })
  expect(incomingOf(request, response).signal().aborted).toBe(false)
  const other = responseWith({ writableFinished: true, destroyed: false })
  const signal = incomingOf(request, other).signal()
  other.emit("close")
  expect(signal.aborted).toBe(false)
})
