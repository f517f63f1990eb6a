/** Has the model write the file of rules that every later conversation in this project begins with. */
export const INIT = `Write \`AGENTS.md\` at the root of this project: what a coding agent that has never seen it needs to know before its first change. If the file is there, improve it instead: keep what is true, mend what is not, and lose nothing that a person put in on purpose.

Find out first. Read the README, the manifests and their scripts, the configuration of build, tests, lint and CI, a few typical source files and tests, and rules that were written for other agents (CLAUDE.md, .cursor/rules, .cursorrules, .github/copilot-instructions.md). Believe what runs over what is written about it. Once AGENTS.md is there, CLAUDE.md is no longer read: what it says and still holds belongs into yours.

Then write, as far as it was found:
- the exact commands to install, build, check and test, and to run one single test
- how the parts of the project lie and depend on each other, where that is not plain from the names
- conventions that its code follows and that a newcomer would miss: style, names, errors, tests, commits
- traps: generated files, required order of steps, what needs a service or a key

Be short: a page at most, each line a fact that would have cost time or a mistake. Leave out what is true of any project, what the file tree shows, and secrets. Write nothing that you did not find. Ask only if something important cannot be found out.`
