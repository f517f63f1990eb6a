// Runs the README's shell blocks that are marked `<!-- ci -->`, each line as it stands, in a fresh clone with a home of
// its own: what a newcomer types is what is tested.
import { spawnSync } from "node:child_process"
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const readme = readFileSync(join(root, "README.md"), "utf8")
const blocks = [...readme.matchAll(/<!-- ci -->\s*```sh\n([\s\S]*?)```/g)].map((match) => match[1].trim())
if (blocks.length < 2)
  throw new Error("The README has to hold the command that does the main job and the one that tests.")

const temp = mkdtempSync(join(tmpdir(), "opencode-readme-"))
// Some tests act as a user without rights, who has to be able to start the program that lies here.
chmodSync(temp, 0o755)
const clone = join(temp, "clone")
try {
  run("git", ["clone", "--quiet", root, clone], temp)
  for (const block of blocks) {
    console.log(`$ ${block}`)
    run("bash", ["-euo", "pipefail", "-c", block], clone)
  }
} finally {
  rmSync(temp, { recursive: true, force: true })
}

function run(command, args, cwd) {
  const env = {
    ...process.env,
    HOME: temp,
    XDG_DATA_HOME: "",
    XDG_CONFIG_HOME: "",
    XDG_STATE_HOME: "",
    XDG_CACHE_HOME: "",
  }
  // The cache of packages may be shared: it holds what the registry would send again.
  env.npm_config_cache = process.env.npm_config_cache ?? join(process.env.HOME ?? temp, ".npm")
  const { status } = spawnSync(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] })
  if (status !== 0) {
    console.error(`FAILED (${status}): ${command} ${args.join(" ")}`)
    process.exit(1)
  }
}
