import { fileURLToPath } from "node:url"

/** Programs of others, as `npm install` in this folder brings them: their packages, without what their install scripts do. */
const at = (path: string): string => fileURLToPath(new URL(`node_modules/${path}`, import.meta.url))

export const programs = {
  acpx: at(".bin/acpx"),
  bun: at("@oven/bun-linux-x64/bin/bun"),
  deno: at("@deno/linux-x64-glibc/deno"),
  node22: at("node22/bin/node"),
  node24: at("node24/bin/node"),
  openwork: at("openwork-orchestrator-linux-x64/bin/openwork"),
} as const
