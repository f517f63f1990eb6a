import { choosing } from "./choosing.ts"
import { authenticate, initialize } from "./greeting.ts"
import type { Prompting } from "./prompting.ts"
import type { Method, Served } from "./served.ts"
import { sessionMethods } from "./session-methods.ts"

/** Everything that a client can ask for, by the protocol's names. What it may only tell is heard in `prompting.ts`. */
export function methodsOf(served: Served, prompting: Prompting): Record<string, Method> {
  const sessions = sessionMethods(served)
  const choices = choosing(served)
  return {
    initialize: initialize(served),
    authenticate,

    "session/new": sessions.create,
    "session/load": sessions.load,
    "session/resume": sessions.resume,
    "session/fork": sessions.fork,
    "session/list": sessions.list,
    "session/close": sessions.close,

    "session/prompt": prompting.prompt,

    "session/set_mode": choices.mode,
    "session/set_model": choices.model,
    "session/set_config_option": choices.option,
  }
}
