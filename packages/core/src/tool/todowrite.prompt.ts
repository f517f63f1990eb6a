export const prose = `Writes the list of what is to be done, which the user sees. It replaces the list that was there.

- For work of three steps or more, or of several requests. Not for one question or one small change.
- Give the whole list each time. One entry is \`in_progress\` at a time; mark it \`completed\` as soon as it is, not later.
- \`cancelled\` is what turned out not to be needed. What fails stays open, with a new entry for what is in the way.`
