declare module "turndown" {
  export interface Options {
    headingStyle?: "setext" | "atx"
    codeBlockStyle?: "indented" | "fenced"
    bulletListMarker?: "*" | "-" | "+"
    hr?: string
  }
  export default class TurndownService {
    constructor(options?: Options)
    turndown(html: string): string
    remove(elements: readonly string[]): this
  }
}
