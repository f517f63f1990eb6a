/**
 * Where types of ours and their published namesakes do not fit each other, and why. A test holds it to the types, so that it
 * only shrinks. `reads`: ours does not fit a variable of the published type. `accepts`: what was made for that does not fit
 * ours. `takes` and `answers` say the same of what methods are given and of what they give.
 */
export const DIFFERENCES: { claims: string[]; why: string }[] = [
  {
    claims: [
      "reads v2/client Event",
      "reads v2/client EventSubscribeResponse",
      "reads v2/client EventSubscribeResponses",
      "reads v2/client GlobalEvent",
      "reads v2/client GlobalEventResponse",
      "reads v2/client GlobalEventResponses",
      "answers v2/client event.subscribe",
      "answers v2/client global.event",
    ],
    why: "Events that only this server sends are members, too; a program that compares types compiles as before.",
  },
  {
    claims: ["reads client OpencodeClientConfig"],
    why: "Options of how lists stand in a query may be given in part; nobody reads them back.",
  },
  {
    claims: [
      "reads v2/client V2SessionHistoryData",
      "accepts v2/client V2SessionHistoryData",
      "takes v2/client v2.session.history",
    ],
    why: "The published document says text where the published type says a number; the route is left out, and answers 404.",
  },
]
