import type { FoundSkill } from "./skill.ts"

/** How this program is configured, for when somebody asks the agent to do it. */
export const CUSTOMIZE: Pick<FoundSkill, "name" | "description" | "content"> = {
  name: "customize-opencode",
  description:
    "How to configure opencode itself: opencode.json, agents, commands, skills, rules (AGENTS.md), permissions, providers, MCP servers. Only for changing how this agent works, never for code of a project.",
  content: `# Configuring opencode

Before you change anything: \`opencode debug config\` prints the settings in effect, and on standard error what is wrong with them, with file and line. \`opencode debug skill\` does the same for skills, \`opencode debug paths\` prints the folders. Change as little as possible, and keep comments and everything you do not know. Afterwards run \`opencode debug config\` again. What is running keeps the settings it began with.

## Where

| For | File |
| --- | --- |
| every project of this user | \`~/.config/opencode/opencode.json\` |
| this project, shared by all who work on it | \`opencode.json\` at its top, or \`.opencode/opencode.json\` |

Later wins: user, project from the top of the repository down, \`.opencode\`, the environment. JSON with comments and trailing commas; \`"$schema": "https://opencode.ai/config.json"\`. \`{env:NAME}\` and \`{file:path}\` stand for a variable and a file. A secret belongs into the environment or \`opencode auth login\`, never into a file of the project.

A project's settings may not start programs, choose where requests go or loosen rules before the user trusts it (\`--trust\`). What is held back is reported. So permissions that are to be looser belong into the user's file.

In each of these folders, and in \`.opencode\` of the project (the plural of a folder's name means the same):

| What | File | Name |
| --- | --- | --- |
| agent | \`agent/<name>.md\` | the path without \`.md\` |
| command | \`command/<name>.md\` | the path without \`.md\`; \`git/tidy.md\` is \`/git/tidy\` |
| skill | \`skill/<name>/SKILL.md\` | \`name\` in it, the same as the folder |

\`AGENTS.md\` at the top of the project is for what every conversation there has to know.

## Settings

\`\`\`jsonc
{
  "$schema": "https://opencode.ai/config.json",
  "model": "anthropic/claude-sonnet-4-5", // provider/model; "#variant" may follow
  "small_model": "anthropic/claude-haiku-4-5", // for titles
  "default_agent": "build",
  "instructions": ["docs/rules/*.md"], // files beside AGENTS.md
  "permission": { "edit": "ask", "bash": { "*": "ask", "git status *": "allow" } },
  "provider": {
    "local": {
      "npm": "@ai-sdk/openai-compatible",
      "options": { "baseURL": "http://127.0.0.1:8080/v1" },
      "models": { "large": { "limit": { "context": 32000, "output": 8000 } } },
    },
  },
  "mcp": {
    "files": { "type": "local", "command": ["my-server", "--stdio"], "environment": { "KEY": "{env:KEY}" } },
    "docs": { "type": "remote", "url": "https://example.com/mcp", "headers": {} },
  },
  "skills": { "paths": ["tools/skills"], "urls": [] },
}
\`\`\`

Look models up with \`opencode models\`; do not make names up.

## Permissions

\`allow\`, \`ask\` or \`deny\`, for a permission or for patterns of it. The **last** rule that matches decides, so the general one comes first. \`*\` is any text, \`?\` one character. Permissions: \`read\`, \`edit\` (every change of a file), \`bash\` (each simple command), \`glob\`, \`grep\`, \`webfetch\`, \`task\` (subagents), \`skill\` (both by name), \`external_directory\`, \`control_file\`, \`private_address\`, \`todowrite\`, \`doom_loop\`; for other tools their names. There is no \`write\`: that is \`edit\`. A tool that is denied for \`*\` is not offered at all.

## Agents

\`\`\`markdown
---
description: Reviews changes for bugs
mode: subagent
model: anthropic/claude-sonnet-4-5
permission:
  edit: deny
  bash: { "*": ask, "git diff *": allow }
---

You review code. …
\`\`\`

The text is its system prompt. \`mode\`: \`primary\` (people talk to it), \`subagent\` (given tasks, by its description), \`all\`. Also \`variant\`, \`temperature\`, \`top_p\`, \`steps\`, \`hidden\`, \`disable\`, \`color\`. \`build\`, \`plan\`, \`general\` and \`explore\` are there and can be changed under the same names, or under \`agent\` in \`opencode.json\`.

## Commands

\`\`\`markdown
---
description: Commit what is staged
agent: build
---

Write a commit message for this, then commit it. Issue: $1

!\`git diff --staged\`

Follow @CONTRIBUTING.md
\`\`\`

\`$ARGUMENTS\` is everything behind the name, \`$1\` a word of it, the last of them all the rest. Without a placeholder the arguments are put behind the text. \`!\`…\`\` is replaced by what the command prints, \`@path\` attaches a file. Also \`model\`, \`variant\`, and \`subtask: true\`, which has a subagent do it.

## Skills

\`\`\`markdown
---
name: release-notes
description: How release notes are written here. Use it when a version is released or a changelog is edited.
---

# Release notes
…
\`\`\`

Only \`name\` and \`description\` are shown to the model until it loads the skill, so the description has to say when. \`name\`: lower-case words joined by \`-\`, 64 characters at most, the folder's name. Scripts and longer texts lie beside \`SKILL.md\` and are named in it by relative paths. Skills in \`.claude/skills\` and \`.agents/skills\`, of the project and of the home folder, are found as well.
`,
}
