/** What a call wants to do, as it is shown to a person and matched against the rules. */
export interface Ask {
  /** The permission's name: `read`, `edit`, `bash`, `external_directory`, … */
  permission: string
  /** What it is asked for: paths, commands, addresses. Every one of them has to be allowed. */
  patterns: string[]
  /** The patterns that the answer "always" allows from then on. */
  always: string[]
  /** Facts for the person who decides: the command, the diff, the resolved path. */
  metadata: Record<string, unknown>
  /** Other names for a pattern (`/bin/rm x` is also `rm x`). They can tighten the answer, never loosen it. */
  aliases?: Record<string, string[]>
  /**
   * For patterns of which a part is known only when it happens: the text with a `HOLE` for each such part. A stricter
   * rule that it could come to match has to be answered by a person.
   */
  open?: Record<string, string[]>
  /**
   * Why the access was not wholly understood. Then no rule but one for `*` can allow it, and not even that where other
   * rules deny or ask for some patterns: it may be one of these.
   */
  problems?: string[]
}
