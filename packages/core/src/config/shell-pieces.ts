/** What a shell would run of a command's text: what stands between `` !` `` and `` ` ``. */
export const SHELL_PIECE = /!`([^`]+)`/g

export const shellPieces = (template: string): string[] =>
  [...template.matchAll(SHELL_PIECE)].map(([, piece = ""]) => piece)
