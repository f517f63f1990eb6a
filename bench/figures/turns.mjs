import { residentOf } from "../measure.mjs"
import { startServer } from "../server.mjs"

const TURNS = 1_000
const QUICK_TURNS = 200
/** Turns after which a server is taken for what it is. */
const FEW = 10
/** Of the many sessions, how many are at work at once. */
const AT_ONCE = 4

/** What a server holds after a thousand turns over what it held after ten: in one session, and in as many as turns. */
export const turns = {
  name: "turns",
  rounds: 1,
  cold: true,
  sides: ["ours"],
  rows: [
    { key: "one", title: "memory after 1,000 turns of one session", unit: "MB" },
    { key: "oneRatio", title: "memory after 1,000 turns of one session over after 10", unit: "x", limit: 1.3 },
    { key: "each", title: "memory after 1,000 sessions of one turn", unit: "MB" },
    { key: "eachRatio", title: "memory after 1,000 sessions of one turn over after 10", unit: "x", limit: 1.3 },
  ],
  async measure(side, { model, quick }) {
    await model.script([{ says: "Done." }], { each: true })
    const count = quick ? QUICK_TURNS : TURNS
    const one = await grown(side, count, 1, async (server) => {
      const sessionID = await server.session()
      return () => sessionID
    })
    const each = await grown(side, count, AT_ONCE, (server) => server.session)
    return { one: one.after, oneRatio: one.after / one.before, each: each.after, eachRatio: each.after / each.before }
  },
}

/** @param open makes what answers the session of each turn */
async function grown(side, count, atOnce, open) {
  const server = await startServer(side)
  try {
    const sessionOf = await open(server)
    let number = 0
    const work = async (most) => {
      while (number < most) {
        number++
        await server.prompt(await sessionOf(), `Say that number ${number} is done.`)
      }
    }
    const until = (most) => Promise.all(Array.from({ length: atOnce }, () => work(most)))
    await until(FEW)
    const before = residentOf(server.tree())
    await until(count)
    return { before, after: residentOf(server.tree()) }
  } finally {
    await server.stop()
  }
}
