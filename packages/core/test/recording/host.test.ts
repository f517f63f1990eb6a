import type { IdPrefix } from "@opencode/protocol/id.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createHost, type Host } from "../../src/lib/host.ts"
import { createCursor } from "../../src/recording/cursor.ts"
import { FORMAT, type Entry, type Happening } from "../../src/recording/entry.ts"
import { recordHost } from "../../src/recording/record-host.ts"
import { replayHost } from "../../src/recording/replay-host.ts"

const LANES = ["turn a", "turn b", "prompts a"]
type Draw = { lane: string; what: IdPrefix | "chance" }

const draw = (host: Host, { lane, what }: Draw): string | number =>
  what === "chance" ? host.lane(lane).random() : host.lane(lane).id(what)

/** What each lane drew, in its own order. */
function byLane(host: Host, draws: Draw[]): Record<string, (string | number)[]> {
  const drawn: Record<string, (string | number)[]> = {}
  for (const each of draws) (drawn[`${each.lane} ${each.what}`] ??= []).push(draw(host, each))
  return drawn
}

function recorded(draws: Draw[]) {
  const entries: Entry[] = []
  const write = (happening: Happening): void => void entries.push({ t: entries.length, ...happening })
  const drawn = byLane(recordHost(createHost(), { write }), draws)
  return { entries, drawn }
}

function replayed(entries: Entry[]): Host {
  const folders = { home: "", data: "", temp: "", toolOutput: "" }
  const header = {
    opencode: "recording",
    format: FORMAT,
    version: "1",
    platform: "linux",
    started: 1_000,
    folders,
  } as const
  return replayHost(createHost(), { header, entries, isWhole: true }, createCursor(entries))
}

const draws = fc.array(
  fc.record({
    lane: fc.constantFrom(...LANES),
    what: fc.constantFrom("msg" as const, "prt" as const, "chance" as const),
  }),
  { maxLength: 40 },
)

test("each lane draws what it drew, in whatever order the lanes come", () => {
  fc.assert(
    fc.property(draws, fc.func(fc.integer()), (list, order) => {
      const { entries, drawn } = recorded(list)
      const sorted = list.toSorted((a, b) => order(a.lane) - order(b.lane))
      expect(byLane(replayed(entries), sorted)).toEqual(drawn)
    }),
  )
})

test("ids of a recording are ordinary ids: unique, and rising over all lanes", () => {
  fc.assert(
    fc.property(draws, (list) => {
      const messages = list.map((each) => ({ ...each, what: "msg" as const }))
      const ids = recorded(messages).entries.flatMap((entry) => (entry.k === "draw" ? [entry.id] : []))
      expect(ids).toEqual([...new Set(ids)].sort())
      for (const id of ids) expect(id).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/)
    }),
  )
})

test("a lane that draws more than it did gets ids of its own", () => {
  const { entries, drawn } = recorded([{ lane: "turn a", what: "prt" }])
  const host = replayed(entries)
  expect(draw(host, { lane: "turn a", what: "prt" })).toBe(drawn["turn a prt"]?.[0])
  expect(draw(host, { lane: "turn a", what: "prt" })).toMatch(/^prt_/)
})

test("the clock of a replay stands where the recording is", () => {
  expect(replayed([{ t: 250, k: "slept", lane: "turn a" }]).now()).toBe(1_250)
})

test("without a recording a lane costs nothing", () => {
  const host = createHost()
  expect(host.lane("turn a")).toBe(host)
})
