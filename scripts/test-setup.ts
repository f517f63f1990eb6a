import { build } from "./build.mjs"

/** Tests of the command run the bundle, as users do. */
export async function setup(): Promise<void> {
  await build()
}
