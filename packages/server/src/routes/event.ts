import { Event } from "../event-schema.ts"
import { streamRoute } from "../route.ts"
import { openEventStream } from "../stream.ts"

const subscribe = streamRoute(
  "/event",
  {
    id: "event.subscribe",
    tags: ["event"],
    summary: "Subscribe to events",
    description: "Everything that happens in one folder, as server-sent events.",
    answers: "Event stream",
    answer: Event,
  },
  async ({ engine, server: { bus, host, peers }, header }) => {
    const { scope, sessions } = await engine()
    await peers.follow()
    return openEventStream({
      bus,
      host,
      directory: scope.directory,
      after: header("last-event-id"),
      openParts: () => [
        ...sessions.openParts().map((part) => ({ scope, part })),
        ...peers.openParts().filter((open) => open.scope.directory === scope.directory),
      ],
      wrap: (_, json) => json,
    })
  },
)

export const eventRoutes = [subscribe]
