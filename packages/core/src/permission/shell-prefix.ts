import type { ShellWord } from "./shell-words.ts"
import { runsOthers } from "./shell-wrappers.ts"

/**
 * The pattern that "always" would allow: the words that say what is done, without those that say to what.
 * It always matches the command it was made from, and never reaches into another sub-command.
 */

/** How many words say what is done, where it is not one. The longest entry that matches counts. */
const WORDS = new Map<string, number>(
  [
    [
      2,
      "git npm npx pnpm yarn bun bunx deno docker podman kubectl helm cargo rustup go python python3 node ruby perl php pip " +
        "pip3 pipx uv poetry conda brew apt apt-get dnf yum pacman snap make just task gh glab aws az gcloud terraform pulumi " +
        "systemctl service journalctl ssh rsync mvn gradle gradlew dotnet flutter dart mix rake bundle gem rails composer " +
        "vercel netlify fly wrangler supabase prisma nx turbo lerna vite openssl hg svn jj ip crontab " +
        "sh bash dash ash ksh mksh zsh fish source . eval trap",
    ],
    [
      3,
      "npm_run npm_exec npm_config pnpm_run pnpm_exec pnpm_dlx yarn_run yarn_dlx bun_run bun_x deno_task uv_run uv_pip uv_tool " +
        "poetry_run bundle_exec docker_compose docker_container docker_image docker_volume docker_network docker_exec docker_run " +
        "podman_container podman_image kubectl_config kubectl_rollout kubectl_exec git_config git_remote git_stash git_worktree " +
        "git_submodule git_bisect cargo_run go_mod gh_pr gh_issue gh_repo gh_run gh_workflow gh_release aws_s3 aws_ec2 gcloud_compute " +
        "az_storage terraform_workspace python_-m python3_-m dotnet_tool turbo_run nx_run",
    ],
  ].flatMap(([count, names]) =>
    String(names)
      .split(" ")
      .map((name): [string, number] => [name.replaceAll("_", " "), Number(count)]),
  ),
)

/** Code on the command line is the command: no shorter text says what it does. */
const INLINE_CODE =
  /^(?:(?:[a-z]*sh|fish|eval|trap)|python[\d.]*|node|nodejs|deno|bun|perl|ruby|php|lua|osascript|Rscript)$/
const INLINE_OPTION = /^(?:-\w*[cerpE]|--eval|--print|eval|trap|-)$/

/** Options of git itself that come before its sub-command; true when a value follows in the next word. */
const GIT_OPTIONS: Record<string, boolean> = {
  "-C": true,
  "--git-dir": true,
  "--work-tree": true,
  "--no-pager": false,
  "-P": false,
}

export function prefixOf(argv: readonly ShellWord[], base: string): string {
  const length = prefixLength(argv, base)
  const text = patternOf(argv.slice(0, length ?? argv.length))
  return length === undefined ? text : `${text} *`
}

/** A pattern for exactly these words. */
export const patternOf = (words: readonly ShellWord[]): string =>
  words
    .map((word) => word.text)
    .join(" ")
    // A star in a pattern cannot be escaped; one character that may be any is the narrowest stand-in.
    .replaceAll("*", "?")

/** Undefined when only the whole command will do. */
function prefixLength(argv: readonly ShellWord[], base: string): number | undefined {
  if (runsOthers(base)) return undefined
  if (INLINE_CODE.test(base) && argv.some((word) => INLINE_OPTION.test(word.value))) return undefined
  let at = 1
  if (base === "git") {
    for (let word = argv[at]; word && Object.hasOwn(GIT_OPTIONS, word.value); word = argv[at])
      at += GIT_OPTIONS[word.value] ? 2 : 1
  }
  const names = [base, argv[at]?.value ?? ""]
  const count = WORDS.get(names.join(" ")) ?? WORDS.get(base) ?? 1
  const end = at + count - 1
  // "git" alone must not become "git *".
  if (end > argv.length) return undefined
  const own = argv.slice(at, end)
  // An option among these words may have a value that only looks like the sub-command.
  const isUnclear = own.some(
    (word, index) => !word.isLiteral || (word.value.startsWith("-") && !(index === 0 && count === 3)),
  )
  return isUnclear ? undefined : end
}
