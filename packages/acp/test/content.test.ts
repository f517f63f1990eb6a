import { expect, test } from "vitest"
import { attachmentOf, filesOf, partsOf } from "../src/content.ts"
import type { Block } from "../src/params.ts"
import { changesIn } from "../src/patch-texts.ts"

const file = (uri: string): Block => ({ type: "resource_link", uri, name: "a.ts" })

test.each<[string, Block, object]>([
  ["a text", { type: "text", text: "hi" }, { type: "text", text: "hi" }],
  [
    "a link to a file",
    file("file:///a/b.ts"),
    { type: "file", url: "file:///a/b.ts", filename: "a.ts", mime: "text/plain" },
  ],
  ["lines as Zed names them", file("file:///a/b.ts#L10:20"), { url: "file:///a/b.ts?start=10&end=20" }],
  ["lines as others do", file("file:///a/b.ts#L10-L20"), { url: "file:///a/b.ts?start=10&end=20" }],
  ["one line", file("file:///a/b.ts#L7"), { url: "file:///a/b.ts?start=7&end=7" }],
  ["a link elsewhere", file("https://example.com"), { type: "text", text: "[a.ts](https://example.com)" }],
  [
    "an image",
    { type: "image", data: "AAAA", mimeType: "image/png", uri: "file:///x/shot%201.png" },
    { type: "file", mime: "image/png", filename: "shot 1.png", url: "data:image/png;base64,AAAA" },
  ],
  [
    "an embedded text",
    { type: "resource", resource: { uri: "file:///a/b%20c.ts", text: "x" } },
    { type: "text", text: "[/a/b c.ts]\nx" },
  ],
  [
    "embedded bytes",
    { type: "resource", resource: { uri: "file:///a/b.pdf", blob: "AAAA", mimeType: "application/pdf" } },
    { type: "file", mime: "application/pdf", filename: "b.pdf", url: "data:application/pdf;base64,AAAA" },
  ],
])("%s as a part of a prompt", (_, block, expected) => {
  expect(partsOf([block])).toMatchObject([expected])
})

test("a command gets what is embedded as files, and nothing that was not typed as its arguments", () => {
  const blocks: Block[] = [
    { type: "text", text: "/hey" },
    { type: "resource", resource: { uri: "zed://selection", text: "it" } },
    file("https://example.com"),
  ]
  expect(filesOf(blocks)).toEqual([
    { type: "file", mime: "text/plain", filename: "selection", url: "data:text/plain;base64,aXQ=" },
  ])
})

test.each<[string, { url: string; mime: string; filename?: string }, object]>([
  ["an image", { url: "data:image/png;base64,AAAA", mime: "image/png" }, { type: "image", data: "AAAA" }],
  ["a file", { url: "file:///a/b.ts", mime: "text/plain" }, { type: "resource_link", name: "b.ts" }],
  ["a text", { url: "data:text/plain;base64,aGk=", mime: "text/plain", filename: "a" }, { resource: { text: "hi" } }],
  ["data", { url: "data:application/pdf;base64,AAAA", mime: "application/pdf" }, { resource: { blob: "AAAA" } }],
])("%s of a message as an editor shows it", (_, part, expected) => {
  expect(attachmentOf(part)).toMatchObject(expected)
})

test.each([
  ["one place", "@@ -1,2 +1,2 @@\n one\n-two\n+2\n", [{ oldText: "one\ntwo\n", newText: "one\n2\n" }]],
  [
    "two places under a header",
    "Index: a\n====\n--- a\n+++ a\n@@ -1 +1 @@\n-a\n+b\n@@ -9 +9 @@\n-c\n",
    [
      { oldText: "a\n", newText: "b\n" },
      { oldText: "c\n", newText: "" },
    ],
  ],
  [
    "files without a last newline",
    "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n",
    [{ oldText: "a", newText: "b" }],
  ],
  ["a newline that comes", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n", [{ oldText: "a", newText: "a\n" }]],
  ["nothing", "", []],
])("a patch of %s as texts", (_, patch, expected) => {
  expect(changesIn(patch)).toEqual(expected)
})
