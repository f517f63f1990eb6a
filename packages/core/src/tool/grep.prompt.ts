export const prose = `Finds lines by a regular expression (ripgrep's syntax: escape \`( ) { } [ ] . * + ?\` to mean themselves).

- Grouped by file with line numbers, files changed last first, 100 lines at most. Files that git ignores are left out, and those that may not be read without a question.
- \`include\` limits it to paths, as \`*.ts\` or \`src/**/*.{ts,tsx}\`; \`path\` is a folder or a file to look in.
- To count, or to see lines around a match, run \`rg\` with bash.`
