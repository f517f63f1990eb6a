import fc from "fast-check"
import { expect, test } from "vitest"
import { answer } from "../../src/model/offline/answer.ts"
import { understand } from "../../src/model/offline/understand.ts"
import { builtinTools } from "../../src/tool/builtin.ts"
import { createRegistry } from "../../src/tool/registry.ts"

const registry = createRegistry(builtinTools)
const names = ["bash", "read", "edit", "write", "glob", "grep", "todowrite"]
const tools = names.map((name) => ({ type: "function" as const, name, inputSchema: {} }))

const words = (
  "list show find search grep replace rename move copy delete remove create make append run count outline compare undo plan: explain " +
  "what would you do to the all files file folder lines of in from to with by for and then , . ; : not do don't touch except if unless it that " +
  'src a.ts "b c.ts" `-x.py` docs/ *.md foo bar TODO tests package.json 1-9 7 "" \' ( ) [ ] \\ / $HOME ~ .. . \n- \n1. ü 日本.md \u0000 \uE000 ```'
).split(" ")
const sentence = fc.oneof(
  { weight: 5, arbitrary: fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((picked) => picked.join(" ")) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 80 }) },
)
const output = fc.constantFrom(
  "",
  "/w/a.ts\n/w/b.ts",
  "Found 1 matches\n/w/a.ts:\n  Line 1: foo foobar",
  "<type>file</type>\n<content>\n1: foo foobar\n\n(End of file - total 1 lines)\n</content>",
  "<type>directory</type>\n<entries>\na.ts\nb c.ts\nsrc/\n\n(3 entries)\n</entries>",
)

test("any sentence ends in valid calls of offered tools, or in words", () => {
  fc.assert(
    fc.property(sentence, fc.array(output, { minLength: 1, maxLength: 5 }), (text, outputs) => {
      const prompt: Parameters<typeof answer>[0]["prompt"] = [
        { role: "system", content: "  Working directory: /w" },
        { role: "user", content: [{ type: "text", text }] },
      ]
      for (let step = 0; ; step++) {
        const { content } = answer({ prompt, tools })
        const calls = content.filter((part) => part.type === "tool-call")
        expect(content.length).toBeGreaterThan(0)
        if (calls.length === 0) break
        expect(step).toBeLessThan(45)
        for (const call of calls) {
          expect(names).toContain(call.toolName)
          const tool = registry.get(call.toolName)
          // The list of things to do is checked only where the program offers it.
          if (tool) expect(registry.validate(tool, JSON.parse(call.input)).problem).toBeUndefined()
        }
        const parts = calls.map((call) => ({ ...call, input: JSON.parse(call.input) as unknown }))
        prompt.push({ role: "assistant", content: parts })
        const value = outputs[step % outputs.length] ?? ""
        prompt.push({
          role: "tool",
          content: calls.map(({ toolCallId, toolName }) => ({
            type: "tool-result",
            toolCallId,
            toolName,
            output: { type: "text", value },
          })),
        })
      }
    }),
    { numRuns: 1500 },
  )
})

test("no sentence is understood as a change of everything", () => {
  fc.assert(
    fc.property(sentence, (text) => {
      for (const intent of understand(text)) {
        if (intent.type === "delete") expect(intent.files.length + (intent.glob ?? "").length).toBeGreaterThan(0)
        if (intent.type === "replace" || intent.type === "rename") expect(intent.from.trim()).not.toBe("")
      }
    }),
    { numRuns: 2000 },
  )
})
