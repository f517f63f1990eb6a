/**
 * Files that decide what is run or allowed later: by git, the shell, an editor, a pipeline, or this program. Changing
 * one is more than changing a file, so it is asked for apart (`control_file`), whatever the rules for `edit` say, and
 * whether or not the file exists. Pure; read without regard to case, because file systems do.
 */

/** Everything in folders of these names, wherever they are. */
const FOLDERS = new Set([
  ".git",
  ".opencode",
  ".claude",
  ".codex",
  ".cursor",
  ".vscode",
  ".idea",
  ".zed",
  ".devcontainer",
  ".husky",
  ".ssh",
])

/** The same for folders in folders. */
const NESTED_FOLDERS = [".github/workflows", ".config/opencode", ".config/git", ".config/fish"]

const FILES = new Set([
  // This program, and tool servers.
  ..."opencode.json opencode.jsonc .opencode.json opencode-trust.json .mcp.json mcp.json".split(" "),
  // Shells, and what they load when one enters a folder.
  ...".bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .inputrc .envrc".split(" "),
  ...".zshrc .zshenv .zprofile .zlogin .zlogout .kshrc .cshrc .tcshrc .login".split(" "),
  // Programs whose settings name other programs, or where to fetch them from.
  ...".gitconfig .npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .pypirc .netrc .vimrc .gitlab-ci.yml".split(" "),
])

/** The one thing in there that is written all the time: plans, which nothing executes. */
const PLAN = /(?:^|\/)\.opencode\/plans\/[^/]+\.md$/

/** @param path relative or absolute, resolved, with "/" between segments */
export function isControlFile(path: string): boolean {
  const folded = fold(path)
  if (PLAN.test(folded)) return false
  const segments = folded.split("/")
  if (segments.some((segment) => FOLDERS.has(segment)) || FILES.has(segments.at(-1) ?? "")) return true
  return NESTED_FOLDERS.some((folder) => `/${folded}/`.includes(`/${folder}/`))
}

/** As the most forgiving file systems compare names: no case, no invisible characters, no dots or blanks at the end. */
const fold = (path: string): string =>
  path
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g, "")
    .split("/")
    .map(withoutTail)
    .join("/")

function withoutTail(name: string): string {
  let end = name.length
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--
  // `.` and `..` are no names.
  return end === 0 ? name : name.slice(0, end)
}
