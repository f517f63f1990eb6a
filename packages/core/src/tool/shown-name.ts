/**
 * A path as it is shown in lists of paths, one per line: when it holds line ends or other control characters it is
 * written as a JSON string, so that no name looks like two, or like something else in the answer.
 */
export const shownName = (name: string): string => (UNPRINTABLE.test(name) ? JSON.stringify(name) : name)

// oxlint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
