/**
 * Whether a sequence ends in the same round over and over: A, A, A … or A, B, A, B …, whatever the length of the round.
 * Works on text (by characters) and on lists alike, in time that grows with the length of the sequence.
 *
 * @param atLeast how many whole rounds
 * @param minLength how long all of them together
 */
export function hasRounds(
  sequence: ArrayLike<unknown>,
  { atLeast, minLength }: { atLeast: number; minLength: number },
): boolean {
  const { length } = sequence
  const fromEnd = (index: number): unknown => sequence[length - 1 - index]
  // How much of the end is found again before it: the failure function of Knuth, Morris and Pratt, read backwards.
  const again = new Int32Array(length)
  for (let index = 1; index < length; index++) {
    let matched = again[index - 1] ?? 0
    while (matched > 0 && fromEnd(matched) !== fromEnd(index)) matched = again[matched - 1] ?? 0
    if (fromEnd(matched) === fromEnd(index)) matched++
    again[index] = matched
    const size = index + 1
    if (size >= minLength && size >= atLeast * (size - matched)) return true
  }
  return false
}
