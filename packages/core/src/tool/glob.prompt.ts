export const prose = `Finds files by their path: \`**/*.ts\`, \`src/**/test-*.{js,ts}\`.

- Absolute paths, those changed last first, 100 at most. Files that git ignores are left out.
- \`path\` is the folder to look in: the workspace folder unless given.`
