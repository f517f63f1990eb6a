import fc from "fast-check"

/**
 * Random commands of everything bash can do, made of names that a jail has programs for: `a`, `b` and `c` succeed (and
 * print different things), `n` fails; `f`, `g`, `sub` and `../out` are files and folders there. No command runs for ever.
 */
/** A statement, its pipeline, its command and its word are four: commands in commands in commands. */
const MAX_DEPTH = 11

const pick = (...texts: string[]) => fc.constantFrom(...texts)
const cat = (...parts: Array<string | fc.Arbitrary<string>>): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((it) => it.join(""))
const maybe = (part: fc.Arbitrary<string>, weight = 1): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight, arbitrary: part })
const oneof = (...options: Array<[number, fc.Arbitrary<string>]>) =>
  fc.oneof(
    { maxDepth: MAX_DEPTH, depthIdentifier: "shell" },
    ...options.map(([weight, arbitrary]) => ({ weight, arbitrary })),
  )
/** The same for what holds nothing of its own kind. */
const leaf = (...options: Array<[number, fc.Arbitrary<string>]>) =>
  fc.oneof(...options.map(([weight, arbitrary]) => ({ weight, arbitrary })))
const list = (part: fc.Arbitrary<string>, maxLength: number, glue = " ") =>
  fc.array(part, { maxLength, depthIdentifier: "shell" }).map((it) => it.join(glue))

const PLAIN = pick(
  "x",
  "y",
  "f",
  "g",
  "sub",
  "sub/f",
  "-f",
  "--opt",
  "1",
  "x=1",
  ".",
  "-",
  "@",
  "%",
  "+",
  "!",
  "a",
  "b",
)
const QUOTED = pick(
  ...["'q r'", '"q r"', "q\\ r", "$'q\\x72'", '""', "\\$X", "'$(b)'", '"\\$(b)"', "'b; c'", "x#y", "'#'", '"x"y'],
  ...[
    "\\'",
    '"`"'.replace("`", "\\`"),
    "$'\\n'",
    "a\\\nb",
    "'a\nb'",
    '"a\\\nb"',
    '$"x"',
    "\\;",
    "\\&\\&",
    "'|'",
    "\\{x,y}",
  ],
)
const VALUE = pick(
  ...["$X", '"$X"', "${X}", "${X:-y}", "${X:+y}", "${#X}", "${X%.*}", "${X/a/b}", "${X:0:1}", "$((1+2))", "$@", '"$@"'],
  ...[
    "$?",
    "$1",
    "*",
    "s*",
    "[fg]",
    "?",
    "{p,q}",
    "{1..3}",
    "~",
    "~+",
    "${X^^}",
    "$[1+1]",
    "${X:=y}",
    "$*",
    "x$X",
    "$0",
  ],
)
/** Real programs of the jail that write files, with words that make them do it. */
const WRITING = pick(
  ...[
    "tee f",
    "tee -a sub/new",
    "cp f new",
    "cp f sub",
    "cp -t sub f g",
    "mv f new",
    "mv f g sub",
    "ln -s f new",
    "ln f sub",
  ],
  ...[
    "touch new",
    "touch sub/new",
    "truncate -s 0 f",
    "rm f",
    "rm -rf sub",
    "rm -f s*",
    "mkdir new",
    "mkdir -p new/x",
    "rmdir e",
  ],
  ...[
    "sed -i s/1/2/ f",
    "sed -n 'w new' f",
    "sed --in-place=.bak s/1/2/ f",
    "sort -o new f",
    "sort f -uo g",
    "dd if=f of=new",
  ],
  ...[
    "dd of=new if=f bs=1",
    "install f new",
    "install -d new",
    "split -b 1 f",
    "split -b 1 f sub/p",
    "csplit f 1",
    "find . -delete",
  ],
  ...[
    "find sub -name f -delete",
    "find . -fprint new",
    "find f -exec rm {} +",
    "find . -name 'g*' -exec cp {} sub \\;",
    "chmod 600 f",
  ],
  ...[
    "awk '{print > \"new\"}' f",
    "awk 'BEGIN{print 1 >> \"sub/new\"}'",
    "tar cf new f",
    "tar xf t.tar",
    "tar -x -C sub -f t.tar",
  ],
  ...[
    "patch f p.diff",
    "patch -o new f p.diff",
    "patch -i p.diff",
    "gzip f",
    "uniq f new",
    "cp -r sub new",
    "rm -r ../out",
    "mv f ../out",
  ],
  ...[
    "shred -u f",
    "ln -sf g f",
    "cp --target-directory=sub f",
    "mv -t sub f",
    "touch -r f new",
    "truncate --size=1 new",
    "sed -ni p f",
  ],
  ...[
    "xargs -n1 tee < f",
    "sort -T . -o f f",
    "tee new <<< x",
    "dd if=f 2>&1 of=sub/f",
    "cp f{,.bak}",
    "touch {x,y}z",
    "mv {f,new}",
  ],
  ...[
    "tar -cf - f",
    "tar --create --file=new f",
    "unlink f",
    "cp -R sub/. .",
    "rm ./f sub/../g",
    "cp ./f sub/../new",
    "install -t sub f",
  ],
  ...[
    "cd sub && rm f",
    "cd sub; touch new",
    "(cd sub && tee f)",
    "pushd sub && rm f; popd; rm g",
    "cd ..; rm work/f",
    "cd sub/..; rm f",
  ],
  ...[
    "cd -P ./sub && tee new",
    "cd link && touch new",
    "rm link/f",
    "tee link/new",
    "cp f link",
    "CDPATH=. ; cd sub; touch q",
  ],
  ...[
    "read D <<< sub; cd $D; rm f",
    "cd $(echo sub) && touch new",
    "D=sub; cd $D; rm f",
    "a > >(tee new)",
    "tee >(cat > new) < f",
  ],
  ...[
    "exec 3> new; echo x >&3",
    "ln -s sub l; rm l/f",
    "X=f; rm $X",
    "printf -v X f; rm $X",
    "for X in f g; do rm $X; done",
  ],
  ...[
    "set -- f; rm $1",
    "rm $(echo f)",
    "find sub -name f | xargs rm",
    "ls f g | xargs -I{} cp {} sub",
    "cat f | (cd sub; tee new)",
  ],
  ...[
    "h() { rm $1; }; h f",
    "cp -a sub l; rm l/f",
    "ln -s ../out l && touch l/new",
    "eval 'rm f'",
    "trap 'rm f' EXIT",
    "rm -rf -- sub",
  ],
  ...[
    "cp -r sub/. e",
    "mv sub/f .",
    "mv -f f sub/new",
    "cp --parents sub/f e",
    "tee e/x e/y < f",
    "touch -- new",
    "rm sub/*",
    "mkdir new && cd new && touch x",
  ],
  ...[
    "cd e && cp ../f .",
    "sed -i.b -e p f g",
    "sed --expression=p -i f",
    "sort -of g",
    "tar -cvf new.tar f sub",
    "tar -C sub -xf t.tar",
    "tar -xvf t.tar",
  ],
  ...[
    "gzip -k f",
    "gzip -r sub",
    "split -n 2 f e/",
    "install -D f e/x/y",
    "dd of=new < f",
    "truncate -cs 0 f",
    "truncate -r g f",
    "ln -t e f",
    "unlink f; a > f",
  ],
)
const NAME = leaf(
  [12, pick("a", "b", "c", "n")],
  [2, pick("'a'", "\\b", 'c""', "$'a'", '"b"', "a\\\n", "$'\\x61'", "''a", '$"b"')],
  [
    1,
    pick(
      "$X",
      "{a,b}",
      "${X:-a}",
      "$(echo a)",
      "a*",
      "[ab]",
      '"$X"',
      "$X$Y",
      "[a]",
      "?",
      "./a",
      "~/a",
      "$'a",
      "A",
      "a\r",
      "a\u00a0b",
    ),
  ],
)
const TARGET = leaf(
  [
    8,
    pick(
      "f",
      "new",
      "sub/new",
      "../out/new",
      '"n w"',
      "'f'",
      "~/h",
      "$HOME/h",
      "/dev/null",
      "./new",
      "-",
      "link/new",
      "&2",
    ),
  ],
  [
    1,
    pick(
      "$X",
      "{f,g}",
      "*",
      "$(echo new)",
      "ne$Y",
      '"$X"',
      "sub/*",
      "~+/new",
      "$PWD/new",
      "\\\nnew",
      "''",
      "${X:-new}",
      "&1",
      "&-",
      "&g",
    ),
  ],
)
const REDIRECT = cat(
  pick("", "", "", "2", "1", "3", "{fd}"),
  pick(">", ">", ">>", ">|", "&>", "<>", "&>>", "> ", ">\t"),
  TARGET,
)
const INPUT = leaf(
  [3, cat("<", pick("f", " f", "sub/f", "$X", "/dev/null", "../out/o"))],
  [2, cat("<<<", pick("x", " 'a b'", '"$X"'))],
)
const HERE = pick(
  "<<E\nx\nE\n",
  "<<'E'\n$(b)\nE\n",
  "<<E\n$(b) `c`\nE\n",
  "<<-E\n\ta\n\tE\n",
  "<<\\E\na; b\nE\n",
  "<<E\n$X \\\n${Y:-$(c)}\nE\n",
  '<<"E F"\nb\nE F\n',
)

/** A list that something may follow: a here-document has ended its line already. */
const ended = (text: string): string => (text.endsWith("\n") ? text : `${text}; `)
const inSingle = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
const inDouble = (text: string): string => `"${text.replace(/["\\$`]/g, "\\$&")}"`
/** Backticks in backticks need a backslash for each level; nobody writes these. */
const isFlat = (text: string): boolean => !/[`\\]/.test(text)

const WRAPPER = pick(
  ...[
    "env",
    "env -i",
    "env A=1",
    "env -u X",
    "command",
    "command --",
    "exec",
    "nohup",
    "nice",
    "nice -n 5",
    "timeout 5",
    "timeout -k 1 5",
  ],
  ...[
    "env --",
    "env - ",
    "setsid -w",
    "stdbuf -oL",
    "builtin",
    "time",
    "xargs",
    "command -p",
    "env X=$X",
    "exec -a z",
    "nice -5",
    "env -S",
    "timeout --signal=KILL 5",
  ],
)

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

/** Slips of the pen: what the parser and the shell make of half a command may differ. */
const slip = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  cut: fc.integer({ min: 0, max: 2 }),
  put: pick(
    "",
    "'",
    '"',
    "\\",
    "`",
    "$",
    "(",
    ")",
    "{",
    "}",
    ";",
    "&",
    "|",
    "<",
    ">",
    "#",
    "\n",
    " ",
    "\r",
    "!",
    "=",
    "*",
    "~",
    "[",
    "]",
    "$(",
    "<<E\n",
    "\\\n",
    "\u00a0",
    "\f",
    "\v",
    "^",
    "%",
    ",",
    "a",
    "$'",
    ";;",
    "esac ",
    "fi ",
    "}",
    "; b",
    "coproc ",
    "time ",
  ),
})
const REPEATS = /while|until|for |select|coproc|\(\)|function|\.\.|\bh\b|[rR] /

const withSlips = (text: string, slips: Array<{ at: number; cut: number; put: string }>): string =>
  REPEATS.test(text)
    ? text
    : slips.reduce((it, { at, cut, put }) => {
        const place = Math.floor(at * it.length)
        return it.slice(0, place) + put + it.slice(place + cut)
      }, text)

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
