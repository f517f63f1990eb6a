import { fileURLToPath } from "node:url"
import * as esbuild from "esbuild"

/** Makes one file of a program of the bench and what it imports of the packages, which this Node may not read as they are. */
export async function bundle(program, outfile) {
  await esbuild.build({
    entryPoints: [fileURLToPath(program)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    mainFields: ["module", "main"],
    external: ["@photostructure/sqlite"],
    banner: {
      js: 'import{createRequire as __createRequire}from"node:module";const require=__createRequire(import.meta.url);',
    },
    logLevel: "warning",
  })
  return outfile
}
