import { expect, test } from "vitest"
import { quotaReset } from "../../src/model/quota-reset.ts"

const NOW = Date.parse("2026-11-20T12:00:00Z")

test.each([
  ["nothing said", {}, undefined],
  [
    "a quota that is not used up",
    { "x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "1s" },
    undefined,
  ],
  ["OpenAI's length", { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s" }, 360_000],
  ["a length in parts", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3.5s" }, 3_723_500],
  ["milliseconds", { "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "120ms" }, 120],
  [
    "Anthropic's moment",
    { "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": "2026-11-20T12:01:30Z" },
    90_000,
  ],
  ["a moment that has passed", { "ratelimit-remaining": "0", "ratelimit-reset": "2026-11-20T11:00:00Z" }, 0],
  ["seconds", { "ratelimit-remaining": "0", "ratelimit-reset": "42" }, 42_000],
  ["seconds since the epoch", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${NOW / 1_000 + 5}` }, 5_000],
  ["milliseconds since the epoch", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": `${NOW + 7_000}` }, 7_000],
  ["no reset beside it", { "x-ratelimit-remaining": "0" }, undefined],
  ["words", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" }, undefined],
  [
    "the last of those that are used up",
    {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "9s",
      "x-ratelimit-remaining-images": "5",
      "x-ratelimit-reset-images": "1h",
    },
    9_000,
  ],
] as [string, Record<string, string>, number | undefined][])("%s", (_, headers, wait) => {
  expect(quotaReset(headers, NOW)).toBe(wait)
})
