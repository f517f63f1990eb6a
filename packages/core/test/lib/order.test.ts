import { createOrder } from "@opencode/core/lib/order.ts"
import { expect, test } from "vitest"

/** Ends when it is told to. */
function work() {
  let end = (_: string): void => {}
  const promise = new Promise<string>((resolve) => (end = resolve))
  return { promise, end }
}

test("what is done under one name waits for what was asked for before, and other names wait for neither", async () => {
  const order = createOrder()
  const told: string[] = []
  const slow = work()
  const first = order.run("one", async () => void told.push(await slow.promise))
  const second = order.run("one", async () => void told.push("second"))
  await order.run("other", async () => void told.push("other"))
  slow.end("first")
  await Promise.all([first, second])
  expect(told).toEqual(["other", "first", "second"])
})

test("a failure is told to whoever asked, and what comes later is done all the same", async () => {
  const order = createOrder()
  const failing = order.run("one", () => Promise.reject(new Error("no")))
  const next = order.run("one", async () => "done")
  await expect(failing).rejects.toThrow("no")
  expect(await next).toBe("done")
})

test("whoever waits for the end waits for what still runs", async () => {
  const order = createOrder()
  const slow = work()
  const told: string[] = []
  void order.run("one", async () => void told.push(await slow.promise))
  const over = order.settled().then(() => told.push("over"))
  slow.end("done")
  await over
  expect(told).toEqual(["done", "over"])
})
