import { withMode, withModel, withOption } from "./choice.ts"
import { parseParams, SetConfigOption, SetMode, SetModel } from "./params.ts"
import type { Method, Served } from "./served.ts"
import type { Sessions } from "./sessions.ts"

type Change = Parameters<Sessions["choose"]>[1]

/** What a session is answered with from now on. */
export function choosing({ sessions, order }: Served): Record<"mode" | "model" | "option", Method> {
  async function chosen(sessionId: string, change: Change) {
    const all = await sessions()
    return order.run(sessionId, () => all.choose(all.get(sessionId), change))
  }

  /** Where the answer has no room for it. */
  async function tellChosen(sessionId: string, change: Change): Promise<object> {
    const configOptions = await chosen(sessionId, change)
    const all = await sessions()
    all.get(sessionId).send({ sessionUpdate: "config_option_update", configOptions })
    return {}
  }

  return {
    async mode({ params }) {
      const { sessionId, modeId } = parseParams(SetMode, params)
      return tellChosen(sessionId, (choice, offer) => withMode(choice, modeId, offer))
    },

    async model({ params }) {
      const { sessionId, modelId } = parseParams(SetModel, params)
      return tellChosen(sessionId, (choice, offer) => withModel(choice, modelId, offer))
    },

    async option({ params }) {
      const { sessionId, ...option } = parseParams(SetConfigOption, params)
      const configOptions = await chosen(sessionId, (choice, offer) => withOption(choice, option, offer))
      return { configOptions }
    },
  }
}
