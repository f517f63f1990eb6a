/** Has the model write an agent: a name, when to use it, and its prompt. */
export const agentPrompt = (
  wanted: string,
  taken: readonly string[],
): string => `Write the definition of a coding agent. What its user wants:

<wanted>
${wanted}
</wanted>

- identifier: two to four words in lower case, joined by hyphens, that say what it does. Not one of these: ${taken.join(", ")}.
- whenToUse: one or two sentences that begin with "Use this agent when", for whoever has to choose between agents. Concrete, with the words that its users would say.
- systemPrompt: what the agent is told before every task, addressed as "you". What it is for, how it goes about it in order, what it looks at first, what it must never do, how it checks its own work, and the form of its answer. At most a page; each sentence must change what it does. No praise of its abilities, and nothing that any good agent does anyway. In the language of the wish.`

/** The form of the answer. */
export const AGENT_SCHEMA = {
  type: "object",
  properties: {
    identifier: { type: "string", description: "its name, such as api-docs-writer" },
    whenToUse: { type: "string", description: "when to use it" },
    systemPrompt: { type: "string", description: "its prompt" },
  },
  required: ["identifier", "whenToUse", "systemPrompt"],
  additionalProperties: false,
}
