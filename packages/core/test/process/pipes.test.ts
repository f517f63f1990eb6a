import { PassThrough } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { readPipes } from "../../src/process/pipes.ts"

test("what a silent command says last is heard, also when its end is heard first", async () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  let heard = ""
  const pipes = readPipes({ stdout, stderr }, (chunk) => void (heard += chunk.toString()))
  // Longer than the quiet that ends the reading: it counts from the end of the command on.
  await sleep(120)
  const drained = pipes.drain()
  setTimeout(() => stdout.write("the last word"), 5)
  await drained
  expect(heard).toBe("the last word")
})
