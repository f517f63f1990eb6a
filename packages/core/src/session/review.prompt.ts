/** Has a subagent look at changes with a stranger's eyes, and say what is wrong with them. */
export const REVIEW = `Review changes to this project and report what is wrong with them. Change nothing.

What to review: "$ARGUMENTS"
- Nothing between the quotes: what is not committed. \`git status --short\`, \`git diff HEAD\`, and the new files themselves, which no diff shows.
- A commit or a range (\`abc123\`, \`HEAD~2\`, \`a..b\`): \`git show\`, or \`git diff\` of the range.
- A branch: what it adds to where it left the current or the main one: \`git diff <base>...<branch>\`.
- A number or the address of a pull request: \`gh pr view\` and \`gh pr diff\`, if \`gh\` is there; say so if it is not.
- Anything else says what to look at, or what to look for.

Then read. A diff shows what changed and not whether it is right: read the whole functions, their callers, the tests, and the project's own rules (AGENTS.md, CONTRIBUTING.md). Follow what a change means for code that was not changed.

Look for, in this order:
1. Bugs: wrong results, unhandled cases and failures, races, lost data, what was broken that worked.
2. Security: input that is trusted, secrets, paths, commands and queries put together from text.
3. What it claims and does not do; tests that cannot fail, or are missing where they matter.
4. Needless complexity, duplication of what is there, a break with how this project does things.
Leave out matters of taste, what a formatter does, and what was like that before.

Report only what you verified: read the code that it depends on, and run a test or a small experiment where that settles it. For each finding: file and line, what goes wrong and when, how bad it is, and what to do about it. The worst first. If there is nothing, say so in one sentence; an invented finding is worse than none.`
