import { expect, test } from "vitest"
import { splitPattern } from "@opencode/core/tool/search-place.ts"

test.each([
  ["*.ts", undefined, { pattern: "*.ts", path: "" }],
  ["src/**/*.ts", "lib", { pattern: "src/**/*.ts", path: "lib" }],
  ["/etc/*.conf", undefined, { pattern: "*.conf", path: "/etc" }],
  ["/*", undefined, { pattern: "*", path: "/" }],
  ["/etc/hosts", undefined, { pattern: "hosts", path: "/etc" }],
  ["../../**/*.json", undefined, { pattern: "**/*.json", path: "../.." }],
  ["../x/*.ts", "src", { pattern: "*.ts", path: "x" }],
  ["~/notes/*.md", "src", { pattern: "*.md", path: "~/notes" }],
])("the pattern %s in %s is looked for where it leads", (pattern, path, expected) => {
  expect(splitPattern(pattern, path)).toEqual(expected)
})
