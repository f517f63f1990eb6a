import { expect, test } from "vitest"
import { ourCall } from "../../src/intake/tool-names.ts"

test.each([
  ["Bash", { command: "ls", timeout: 5 }, "bash", { command: "ls", timeout: 5 }],
  [
    "Edit",
    { file_path: "/a", old_string: "x", new_string: "y" },
    "edit",
    { filePath: "/a", oldString: "x", newString: "y" },
  ],
  ["shell", { command: ["bash", "-lc", "ls -a | wc"] }, "bash", { command: "ls -a | wc" }],
  ["shell", { command: ["ls", "-a"], workdir: "/a" }, "bash", { command: "ls -a", workdir: "/a" }],
  ["exec_command", { cmd: "ls" }, "bash", { command: "ls" }],
  ["apply_patch", { input: "*** Begin Patch" }, "apply_patch", { patchText: "*** Begin Patch" }],
  [
    "update_plan",
    { plan: [{ step: "a", status: "completed" }, 7] },
    "todowrite",
    { todos: [{ content: "a", status: "completed", priority: "medium" }] },
  ],
  ["mcp__x__y", { file_path: "/a" }, "mcp__x__y", { file_path: "/a" }],
  ["constructor", {}, "constructor", {}],
])("%s with %j is %s with %j", (name, input, tool, ours) => {
  expect(ourCall(name, input)).toEqual({ tool, input: ours })
})
