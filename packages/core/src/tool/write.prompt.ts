export const prose = `Writes a whole file. What was in it is replaced; missing folders are made.

- A file that exists must have been read in this session, and not changed since, or nothing is written.
- To change a part of a file use edit: it is shorter, and safer.
- Make new files only when the task needs them; no documentation that nobody asked for.`
