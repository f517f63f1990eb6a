import type { ShellWord } from "./shell-words.ts"

/** Where the system keeps its programs: a name there means the same as without the folder. */
export const SYSTEM = /^\/(?:usr\/(?:local\/)?)?s?bin\/([^/]+)$/

export const SYSTEM_FOLDER = /^\/(?:usr\/(?:local\/)?)?s?bin\//

export const isSystemPath = (name: string): boolean => SYSTEM.test(name)

/** A program of the system by its name alone. */
export const plainName = (word: ShellWord): string => SYSTEM.exec(word.text)?.[1] ?? word.text
