/** A name a person can say: two words drawn at random. It names nothing in the program. */
const FIRST = [
  "amber",
  "brave",
  "calm",
  "clear",
  "crisp",
  "eager",
  "gentle",
  "happy",
  "keen",
  "lively",
  "misty",
  "neat",
]
const SECOND = [
  "brook",
  "cliff",
  "cloud",
  "field",
  "forest",
  "garden",
  "harbor",
  "lake",
  "meadow",
  "river",
  "stone",
  "wind",
]

export function slug(random: () => number): string {
  const pick = (words: string[]) => words[Math.floor(random() * words.length)] ?? ""
  return `${pick(FIRST)}-${pick(SECOND)}`
}
