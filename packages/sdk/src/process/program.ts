/** What starts `opencode` with these arguments on this system. */
export interface Invocation {
  file: string
  args: string[]
  /** On Windows: the arguments are quoted already. */
  verbatim: boolean
}

/** What `cmd.exe` reads as more than text even inside of quotes, or cannot hold. */
const UNSPEAKABLE = /["%!\r\n\0]/

/** On Windows the command is a script of `cmd.exe`, which starts no other way. */
export function invocation(args: string[], platform: NodeJS.Platform): Invocation {
  if (platform !== "win32") return { file: "opencode", args, verbatim: false }
  const bad = args.find((arg) => UNSPEAKABLE.test(arg))
  if (bad !== undefined) throw new Error(`On Windows an argument of opencode cannot hold quotes, % or !: ${bad}`)
  const line = ["opencode", ...args.map((arg) => `"${arg}"`)].join(" ")
  return { file: "cmd.exe", args: ["/d", "/s", "/c", `"${line}"`], verbatim: true }
}
