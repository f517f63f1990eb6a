/**
 * Files that decide what is run or allowed later: by git, the shell, an editor, a pipeline, or this program. Changing
 * one is more than changing a file, so it is asked for apart (`control_file`), whatever the rules for `edit` say, and
 * whether or not the file exists. Pure; read without regard to case, because file systems do.
 */

/** Everything in folders of these names, wherever they are. */
const FOLDERS = new Set([
  // Version control: settings name programs, hooks are some.
  ...".git .hg .jj .husky .githooks".split(" "),
  // Agents, this one among them.
  ...".opencode .claude .agents .codex .cursor .gemini .windsurf .continue .cline .roo .kiro".split(" "),
  // Editors, and the containers that they start.
  ...".vscode .idea .fleet .zed .vim .emacs.d .devcontainer".split(" "),
  // Pipelines.
  ...".circleci .buildkite .woodpecker".split(" "),
  ...".ssh .gnupg .aws".split(" "),
])

/** The same for what lies in folders, and for such folders. */
const NESTED = [
  ...[".github/workflows", ".github/actions", ".gitlab/ci"],
  ...[".config/opencode", ".config/git", ".config/fish", ".config/nvim", ".config/zed", ".config/code/user"],
  ...[".config/systemd", ".config/autostart", ".config/environment.d", ".local/share/systemd"],
  ...["library/launchagents", "library/application support/code/user"],
  ...[".cargo/config", ".cargo/config.toml", ".docker/config.json", ".kube/config"],
]

const FILES = new Set([
  // This program, other agents, and tool servers.
  ..."opencode.json opencode.jsonc .opencode.json opencode-trust.json tui.json tui.jsonc".split(" "),
  ...".mcp.json mcp.json .claude.json .aider.conf.yml .roomodes .clinerules".split(" "),
  // Shells, and what they load when one enters a folder.
  ...".bashrc .bash_profile .bash_login .bash_logout .bash_aliases .profile .inputrc .envrc".split(" "),
  ...".zshrc .zshenv .zprofile .zlogin .zlogout .kshrc .cshrc .tcshrc .login .logout".split(" "),
  ...".xprofile .xinitrc .xsession .xsessionrc .pam_environment .tmux.conf .screenrc".split(" "),
  // Version control: where it fetches from, and what it runs when one commits.
  ...".gitconfig .gitmodules .lfsconfig .hgrc .pre-commit-config.yaml .pre-commit-config.yml".split(" "),
  ...["lefthook", ".lefthook", "lefthook-local", ".lefthook-local"].flatMap((name) =>
    ["yml", "yaml", "toml", "json"].map((end) => `${name}.${end}`),
  ),
  // Programs whose settings name other programs, or where to fetch them from.
  ...".npmrc .yarnrc .yarnrc.yml .pnpmfile.cjs .pypirc .netrc _netrc .vimrc .gvimrc .exrc .nvimrc .emacs".split(" "),
  // Pipelines.
  ...".gitlab-ci.yml .gitlab-ci.yaml .travis.yml .drone.yml .woodpecker.yml jenkinsfile".split(" "),
  ..."azure-pipelines.yml bitbucket-pipelines.yml".split(" "),
])

/** What the machine itself obeys, or this program on the word of who administers it. */
const SYSTEM =
  /^\/(?:(?:private\/)?etc\/(?:opencode|cron[^/]*|systemd|profile(?:\.d)?|bash\.bashrc|zsh|ssh|sudoers[^/]*|environment|ld\.so[^/]*|rc\.local|init\.d)|var\/spool\/cron|library\/(?:application support\/opencode|launch(?:agents|daemons)))(?:\/|$)/

/** The one thing in there that is written all the time: plans, which nothing executes. */
const PLAN = /(?:^|\/)\.opencode\/plans\/[^/]+\.md$/

/** @param path relative or absolute, resolved, with "/" between segments */
export function isControlFile(path: string): boolean {
  const folded = fold(path)
  if (PLAN.test(folded)) return false
  const segments = folded.split("/")
  if (segments.some((segment) => FOLDERS.has(segment)) || FILES.has(segments.at(-1) ?? "")) return true
  return SYSTEM.test(folded) || NESTED.some((path) => `/${folded}/`.includes(`/${path}/`))
}

/** Working trees that other agents and this one make in their own folders: what lies there is the project's. */
const TREES = /(?:^|\/)\.(?:claude|opencode|codex|cursor)\/worktrees\//

/** @param root of the workspace. Whether a file in it is judged by its way from there alone. */
export const isWorkingTree = (root: string): boolean => TREES.test(`${fold(root)}/`)

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
