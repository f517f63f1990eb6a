#!/usr/bin/env node
// The command. Everything is in the bundle beside it, which is made at install; where the install could not make it
// (`npm ci --ignore-scripts`), it is made now.
import { existsSync } from "node:fs"

const bundle = new URL("../dist/main.js", import.meta.url)
if (!existsSync(bundle)) {
  const { build } = await import("../../../scripts/build.mjs")
  await build()
}
await import(bundle.href)
