/**
 * What some families of models need to be told besides the base prompt. A line stands here only if models of the family
 * are known to do otherwise without it; most need nothing.
 */
const FAMILIES: { matches: RegExp; lines: string }[] = [
  {
    // They tend to stop after each step for an approval that the rules have given already.
    matches: /(?:^|[/.])(?:gpt-5|codex|o[1345](?:-|$))/i,
    lines: `- Do not ask whether to go on: what may not be done without the user is stopped by the rules, not by you.`,
  },
  {
    // They tend to describe a call instead of making it, and to repeat a file instead of editing it.
    matches: /(?:^|[/.])gemini/i,
    lines: `- Make calls, do not announce them. Never print a whole file that you could edit.`,
  },
  {
    // Models of a size that runs on one machine lose the thread with several calls, and guess paths.
    matches: /(?:qwen|llama|mistral|devstral|phi|gemma|granite|deepseek-coder|gpt-oss|codellama|starcoder)/i,
    lines: `- One tool call at a time, with arguments that are valid JSON; then wait for its result.
- Use only paths that a tool has shown you.`,
  },
]

/** @param modelID as the provider calls it, with or without the maker's name before it */
export const familyLines = (modelID: string): string | undefined =>
  FAMILIES.find(({ matches }) => matches.test(modelID))?.lines
