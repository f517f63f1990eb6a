export const prose = `Replaces text in a file.

- \`oldString\` is quoted from the file as it is, indentation included, without the line numbers that read shows.
- It must be found exactly once. Add lines around it until it is; or set \`replaceAll\` to change every place, as in a rename.
- Small differences in blanks, indentation and line ends are forgiven. The file keeps its own line ends.
- An empty \`oldString\` makes a new file of \`newString\`.
- When it fails nothing has changed; the answer shows the closest text, or the lines of the places.`
