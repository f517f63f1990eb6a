export const prose = `Runs a command in the user's shell and returns what it prints, errors included.

- Each call is a new shell in the workspace folder; nothing like \`cd\` or a variable lasts. For another folder give \`workdir\`, not \`cd\`.
- It has no terminal and no input: give flags so that nothing asks or opens an editor or pager.
- It is ended after \`timeout\` milliseconds (120,000 unless given, 600,000 at most). Put a server into the background with \`&\` and its output into a file; the call then returns at once.
- Of long output you get the end, and the path of a file with all of it, which you can read and search.
- Quote paths with blanks. Join commands that depend on each other with \`&&\`; make independent ones separate calls.
- To read, search, write or change files use the tools that are there for it, not cat, find, sed or echo.
- Commit, push, or change git history only when asked to. Never skip hooks or force-push unless asked for exactly that.`
