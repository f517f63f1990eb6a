/** What a model gets in place of a conversation that was compacted. */
export const notesOf = (notes: string): string =>
  `The conversation so far became too long and was replaced by these notes. What follows them is word for word. Go on from here without repeating what is done.

<notes>
${notes.trim()}
</notes>`

/** The one message of the request for notes. */
export function compactionText(conversation: string, more: { context: string[]; prompt?: string | undefined }): string {
  return [
    `Here is the conversation so far:\n\n<conversation>\n${conversation}\n</conversation>`,
    ...more.context.filter((text) => text.trim()),
    more.prompt?.trim() || "Write the notes now.",
  ].join("\n\n")
}
