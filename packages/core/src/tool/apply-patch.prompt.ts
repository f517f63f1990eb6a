export const prose = `Changes, adds, deletes and moves files by one patch. All of it is applied, or nothing is.

*** Begin Patch
*** Add File: src/new.ts
+first line
*** Update File: src/old.ts
*** Move to: src/renamed.ts
@@ function area() {
   const width = 2
-  return width
+  return width * width
*** Delete File: src/gone.ts
*** End Patch

- Paths are relative to the workspace folder. Each file stands in a patch once; \`Move to\` is optional.
- Every line of an update begins with a blank (stays), \`-\` (goes) or \`+\` (comes). Give three lines that stay around each change.
- When these are not unique, put \`@@ \` and a line above them, such as the function's first, before them; several for nested places.
- Changes of one file come in its order. \`*** End of File\` behind one says that it is about the last lines.
- Small differences in blanks, indentation and line ends are forgiven. The file keeps its own line ends.`
