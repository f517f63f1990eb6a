/** Whether a text is as a pattern says, in which `*` stands for anything. */
export function fits(text: string, pattern: string): boolean {
  const source = pattern.split("*").map((piece) => piece.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
  return new RegExp(`^${source.join(".*")}$`, "s").test(text)
}
