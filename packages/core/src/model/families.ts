/**
 * How a family of models was taught to change files. Told by the model's id, because every gateway keeps the maker's
 * name in it (`openai/gpt-5.1`, `gpt-5-codex`), whatever provider serves it. Pure.
 */

/** The first row that matches decides; without one a model replaces text. */
const EDITS_BY_PATCH: readonly { ids: RegExp; patches: boolean }[] = [
  // The open weights were trained on other tools, and get patches wrong more often than replacements.
  { ids: /gpt-?oss/, patches: false },
  // Coding models of the family, some without a number. They write patches even when they are offered something else.
  { ids: /(?:^|[^a-z])codex(?:[^a-z]|$)/, patches: true },
  // From the fifth on they are trained on this format. "gpt-4o" and "gpt-4.1" know it, and do better without.
  { ids: /(?:^|[^a-z\d])gpt-?(?:[5-9]|[1-9]\d)(?!\d)/, patches: true },
]

/** True for models that get `apply_patch` instead of `edit` and `write`. The o-series replaces text, as published. */
export function editsByPatch(modelID: string): boolean {
  const id = modelID.toLowerCase()
  return EDITS_BY_PATCH.find(({ ids }) => ids.test(id))?.patches ?? false
}
