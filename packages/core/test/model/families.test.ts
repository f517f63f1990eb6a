import { editsByPatch } from "@opencode/core/model/families.ts"
import { expect, test } from "vitest"

test.each([
  ["gpt-5", true],
  ["gpt-5-mini", true],
  ["gpt-5.1-codex-max", true],
  ["openai/gpt-5.2", true],
  ["openai.gpt-5-nano-v1:0", true],
  ["GPT-5", true],
  ["gpt-6", true],
  ["codex-mini-latest", true],
  ["gpt-4.1", false],
  ["gpt-4o", false],
  ["gpt-4o-2024-11-20", false],
  ["gpt-3.5-turbo", false],
  ["gpt-oss-120b", false],
  ["openai/gpt-oss-20b", false],
  ["o3", false],
  ["o4-mini", false],
  ["claude-sonnet-4-5", false],
  ["chatgpt-4o-latest", false],
  ["glm-5", false],
] as const)("%s gets patches: %s", (id, expected) => expect(editsByPatch(id)).toBe(expected))
