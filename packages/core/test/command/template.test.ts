import { fillTemplate, hintsOf, splitArguments } from "@opencode/core/session/command-template.ts"
import { describe, expect, test } from "vitest"

const filled = (template: string, given: string): string =>
  fillTemplate(template, given)
    .pieces.map((piece) => ("text" in piece ? piece.text : `<${piece.shell}>`))
    .join("")

describe("what was typed behind a command", () => {
  test.each([
    ["A[$1] B[$2] C[$3]", "one two", "A[one] B[two] C[]"],
    ["A[$1] B[$2] C[$3]", "one two three four", "A[one] B[two] C[three four]"],
    ["only [$2]", "a b c", "only [b c]"],
    ["A[$1] J[$10]", "1 2 3 4 5 6 7 8 9 10 11 12", "A[1] J[10 11 12]"],
    ["x $1 y $ARGUMENTS z", "p q r", "x p q r y p q r z"],
    ["A[$1] B[$2]", '"one two" three', "A[one two] B[three]"],
    ["A[$1] B[$2]", "don't stop now", "A[don't] B[stop now]"],
    ["No placeholders.", "foo  bar", "No placeholders.\n\nfoo  bar"],
    ["No placeholders.", " ", "No placeholders."],
    ["[$ARGUMENTS]", "", "[]"],
    ["Costs $0 or ${1}", "x", "Costs $0 or ${1}\n\nx"],
  ])("%s with %s is %s", (template, given, expected) => expect(filled(template, given)).toBe(expected))

  test.each([
    ["$& $$ $` $'", "what a replacement would read into it"],
    ["$1 $2 $ARGUMENTS", "placeholders"],
    ["!`touch made`", "a command"],
  ])("%s is text, although it looks like %s", (given) => {
    expect(filled("[$ARGUMENTS] [$1]", given)).toBe(`[${given}] [${given}]`)
    expect(filled("Do it.", given)).toBe(`Do it.\n\n${given}`)
  })

  test.each([
    ["echo $1", "echo $1"],
    ['echo "$1" $10', 'echo "$1" ${10}'],
    ["awk '{print $1}' '$10' $1", "awk '{print $1}' '$10' $1"],
    [`echo "it's $12" '$12'`, `echo "it's \${12}" '$12'`],
    ["echo \\$10 $ARGUMENTS", "echo \\$10 $ARGUMENTS"],
  ])("in a piece for the shell, %s, it is put in by the shell itself: %s", (command, expected) => {
    expect(filled(`!\`${command}\``, "x; touch made")).toBe(`<${expected}>`)
  })

  test("words are parted at white space, and quotes keep them together", () => {
    expect(splitArguments(` a  "b c" 'd "e"' f"g "" "open h\n`)).toEqual(["a", "b c", 'd "e"', 'f"g', "", '"open', "h"])
  })

  test("clients learn which placeholders there are, in their order", () => {
    expect(hintsOf("$10 $2 $ARGUMENTS $1 $2 !`echo $3`")).toEqual(["$1", "$2", "$3", "$10", "$ARGUMENTS"])
    expect(hintsOf("none")).toEqual([])
    expect(hintsOf("!`awk '{print $1}' | tail -$2`")).toEqual(["$2"])
  })
})
