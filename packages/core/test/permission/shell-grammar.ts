import fc from "fast-check"
import { slip, withSlips } from "./shell-slips.ts"
import { pick, cat, maybe, oneof, list } from "./shell-texts.ts"
import { PLAIN, QUOTED, VALUE, WRITING, NAME, REDIRECT, INPUT, HERE, WRAPPER } from "./shell-words.ts"

/**
 * Random commands of everything bash can do, made of names that a jail has programs for: `a`, `b` and `c` succeed (and
 * print different things), `n` fails; `f`, `g`, `sub` and `../out` are files and folders there. No command runs for ever.
 */

/** A list that something may follow: a here-document has ended its line already. */
const ended = (text: string): string => (text.endsWith("\n") ? text : `${text}; `)
const inSingle = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const inDouble = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&")}"`
/** Backticks in backticks need a backslash for each level; nobody writes these. */
const isFlat = (text: string): boolean => !/[`\\]/.test(text)

const { statement } = fc.letrec<
  Record<"word" | "simple" | "command" | "compound" | "pipeline" | "statement" | "block", string>
>((tie) => ({
  word: oneof(
    [10, PLAIN],
    [5, QUOTED],
    [4, VALUE],
    [2, tie("statement").map((it) => `$(${it})`)],
    [1, tie("statement").map((it) => `"$(${it})"`)],
    [1, tie("statement").map((it) => (isFlat(it) ? `\`${it}\`` : "x"))],
    [1, tie("statement").map((it) => `\${X:-$(${it})}`)],
    [1, tie("statement").map((it) => `<(${it})`)],
    [1, tie("statement").map((it) => `>(${it})`)],
    [1, tie("simple").map((it) => `$((1 + $(${it}; echo 1)))`)],
    [1, tie("simple").map((it) => `{x,$(${it})}`)],
  ),
  simple: oneof(
    [
      14,
      cat(
        maybe(cat(pick("X=1", "Y=$X", "X+=b", "Z=~"), " ")),
        NAME,
        " ",
        list(tie("word"), 3),
        maybe(cat(" ", REDIRECT)),
        maybe(cat(" ", INPUT)),
      ),
    ],
    [1, cat(REDIRECT, " ", NAME, " ", tie("word"))],
    [
      1,
      cat(
        NAME,
        " ",
        tie("word"),
        REDIRECT.map((it) => ` ${it}`),
        " ",
        tie("word"),
      ),
    ],
    [3, WRITING],
  ),
  command: oneof(
    [14, tie("simple")],
    [3, cat(WRAPPER, " ", tie("simple"))],
    [1, cat(WRAPPER, " ", WRAPPER, " ", tie("simple"))],
    [
      1,
      cat(
        pick("bash -c ", "sh -c ", "bash -ec ", "eval ", "bash +x -c ", "bash -c -- ", "bash -o pipefail -c "),
        tie("statement").map(inSingle),
      ),
    ],
    [1, cat(pick("bash -c ", "eval "), tie("statement").map(inDouble), " ", tie("word"))],
    [1, cat(pick("eval", "eval --", "command eval", "builtin eval"), " ", tie("simple"))],
    [1, cat("trap ", tie("simple").map(inSingle), " ", pick("EXIT", "0 INT", "ERR; n", "DEBUG; a", "RETURN"))],
    [
      1,
      cat(
        "find . -maxdepth 0 ",
        pick("-exec", "-execdir", "! -exec"),
        " ",
        NAME,
        " x ",
        pick("{} +", "{} \\;", "\\;", "';'", "{} ';' -exec b {} \\;"),
      ),
    ],
    [1, cat("bash ", pick("<<< ", "<<<"), tie("simple").map(inSingle))],
    [
      1,
      cat(
        pick(
          "X=a",
          "X='a b'",
          "X=$(b)",
          "X=(a b)",
          "declare X=b",
          "export X=c",
          "local X=1",
          "read X <<< b",
          "printf -v X b",
          "mapfile X <<< c",
        ),
        pick("", "; $X", "; b $X", "; > $X", "; ${X[0]} y"),
      ),
    ],
    [
      1,
      cat(
        pick(
          "echo",
          "printf %s",
          "test",
          "[ x = x ] #",
          "true",
          "false",
          ":",
          "type",
          "cd sub",
          "set --",
          "shift",
          "wait",
          "command -v",
          "unset X",
        ),
        " ",
        tie("word"),
      ),
    ],
    [
      1,
      pick(
        "source s.sh",
        ". ./s.sh",
        "bash s.sh",
        "sh < s.sh",
        "cat s.sh | bash",
        "bash -s < s.sh",
        "alias a=b",
        "alias a=b\na",
        "hash -p ./s.sh a; a",
        "enable -n a",
        "exec b",
        "exec -a x b",
        "exec > new; b",
        "coproc a",
        "coproc { b; }",
        "coproc N { c; }",
      ),
    ],
    [3, tie("compound")],
  ),
  compound: oneof(
    [3, tie("block").map((it) => `(${it})`)],
    [3, tie("block").map((it) => `{ ${ended(it)}}`)],
    [
      1,
      cat(
        tie("block").map((it) => `(${it})`),
        " ",
        REDIRECT,
      ),
    ],
    [
      1,
      cat(
        tie("block").map((it) => `{ ${ended(it)}}`),
        REDIRECT.map((it) => ` ${it}`),
      ),
    ],
    [
      1,
      cat(
        "if ",
        tie("block").map(ended),
        "then ",
        tie("block").map(ended),
        maybe(cat("elif n; then ", tie("block").map(ended))),
        maybe(cat("else ", tie("block").map(ended))),
        "fi",
      ),
    ],
    [1, cat("while ", tie("simple").map(ended), "n; do ", tie("block").map(ended), "done")],
    [1, cat("until a; do ", tie("block").map(ended), "done")],
    [1, cat("while a; do ", tie("block").map(ended), "break; done")],
    [1, cat("while read -r X; do ", tie("block").map(ended), "done < f")],
    [1, cat("for X in ", list(tie("word"), 2), "; do ", tie("block").map(ended), "done")],
    [1, cat("for ((i=0;i<2;i++)); do ", tie("block").map(ended), "done")],
    [1, cat("for X in a b; do ", pick("$X", "c $X", '"$X" y', "tee $X", "> $X"), "; done")],
    [
      1,
      cat(
        "case ",
        tie("word"),
        " in ",
        pick("x) ", "(*) ", "x|*) ", "$(b)) "),
        tie("block"),
        pick("\n;;\n", " ;; ", " ;& *) b;; ", " ;;& *) c;; ").map((it) => it),
        "esac",
      ).map((it) => it.replace(/\n ;/g, "\n;")),
    ],
    [1, cat("select X in a b; do ", tie("block").map(ended), "break; done </dev/null")],
    [
      1,
      cat(
        pick("h() ", "function h ", "function h() ", "a() ", "h () "),
        tie("block").map((it) => `{ ${ended(it.replace(/\bh\b/g, "b"))}}`),
        pick("; h", "\nh x", "; h | a", "; (h)"),
      ),
    ],
    [
      1,
      cat(
        "[[ ",
        pick("-f f", "x == x", "! -d f", "a < b", "x =~ (a|b)", "1 -eq 1", "( -f f )", "x && y", "n || b"),
        maybe(cat(pick(" && ", " || "), "-n ", tie("word"))),
        " ]]",
      ),
    ],
    [1, cat("(( ", pick("1+1", "X=2", "X++", "1 > 0", "X[0]", "1, 2", "$X + 1", "0x10 & 1"), " ))")],
  ),
  pipeline: oneof(
    [10, tie("command")],
    [3, cat(tie("command"), pick(" | ", "|", " |& ", " |\n", " | \\\n"), tie("command"))],
    [1, cat(pick("! ", "time ", "time -p ", "! time ", "time -- "), tie("command"))],
    [1, cat(NAME, " ", tie("word"), " ", HERE)],
    [1, cat(pick("bash ", "bash -s ", "cat "), HERE)],
    [
      1,
      cat(
        "xargs ",
        pick("", "-n1 ", "-I{} ", "-0 ", "-r ", "-I X "),
        NAME,
        pick(" x", " {}", " X y", ""),
        INPUT.map((it) => ` ${it}`),
      ),
    ],
  ),
  statement: oneof(
    [10, tie("pipeline")],
    [
      3,
      cat(
        tie("pipeline").map((it) => (it.endsWith("\n") ? "a" : it)),
        pick(" && ", " || ", "&&", "||", " &&\n"),
        tie("pipeline"),
      ),
    ],
    [1, tie("pipeline").map((it) => (it.endsWith("\n") ? it : `${it} &`))],
    [
      1,
      cat(
        tie("pipeline").map((it) => (it.endsWith("\n") ? it : `${it} `)),
        pick("# b", "#", "# $(b)", "# \\").map((it) => `${it}\n`),
      ),
    ],
  ),
  block: fc
    .array(fc.tuple(tie("statement"), pick("; ", "\n", ";", "\n\n", " ;\n", "\t\n")), {
      minLength: 1,
      maxLength: 3,
      depthIdentifier: "shell",
    })
    .map((all) =>
      all
        .map(
          ([text, glue], at) =>
            text + (at === all.length - 1 || text.endsWith("\n") ? "" : text.endsWith("&") ? " " : glue),
        )
        .join(""),
    ),
}))

const script = fc
  .array(fc.tuple(statement, pick("; ", "\n", " ; ", "\n\n")), { minLength: 1, maxLength: 3, depthIdentifier: "shell" })
  .map((all) =>
    all
      .map(
        ([text, glue], at) =>
          text + (at === all.length - 1 || text.endsWith("\n") ? "" : text.endsWith("&") ? " " : glue),
      )
      .join(""),
  )

export const shellCommand: fc.Arbitrary<string> = script
/** Only for a jail that contains what goes wrong. */
export const brokenCommand: fc.Arbitrary<string> = fc
  .tuple(script, fc.array(slip, { minLength: 1, maxLength: 2 }))
  .map(([text, slips]) => withSlips(text, slips))
