/** What the arguments of common programs are: which name files, and what is done to these. Data alone. */

/**
 * `look` shows that it exists, or changes to it; `change` is read and write; `fill` writes files into a folder under
 * names that only the running program knows.
 */
export type Access = "look" | "read" | "write" | "change" | "fill"

export interface Grammar {
  /** What is done to the operands; "words" says that they are no files. */
  operands: Access | "words"
  /** The last of several operands, or the one that an option names instead, is written. */
  hasTarget?: boolean
  /** Operands before the paths: a mode, an owner, a pattern. */
  skip?: number
  /** With such an option there are none of these. */
  unskipped?: RegExp
  /** Short options whose value is a path. */
  reads?: string
  writes?: string
  /** The same for folders that are only gone to or searched. */
  looks?: string
  /** Short options whose value is something else. */
  values?: string
  /** Long options whose value is a path. */
  long?: Readonly<Record<string, Access>>
  /** What it writes may be a folder with all that is in it; a pattern says with which option. */
  isDeep?: true | RegExp
  /** Of its other words, those that look like a path are taken for one, as with a program that is not listed. */
  isOpen?: boolean
}

const FILES0: Grammar["long"] = { "files0-from": "read" }
const TARGET: Grammar = {
  operands: "read",
  hasTarget: true,
  writes: "t",
  values: "S",
  long: { "target-directory": "write" },
}

const all = (names: string, grammar: Grammar): Array<[string, Grammar]> =>
  names.split(" ").map((name) => [name, grammar])

const GRAMMARS = new Map<string, Grammar>([
  ...all(
    "cat tac rev nl fold fmt comm paste join od hexdump strings more most wc file cmp diff diff3 colordiff " +
      "base32 base64 basenc md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum sum b2sum zcat bzcat xzcat zless " +
      "bat batcat pr ptx tsort expand unexpand open xdg-open view source .",
    { operands: "read", long: FILES0 },
  ),
  ...all("readlink realpath ls dir vdir tree du stat cd pushd chdir", {
    operands: "look",
    long: { reference: "look" },
  }),
  ...all("rmdir unlink shred tee sponge trash link mkfifo", { operands: "write" }),
  ["rm", { operands: "write", isDeep: true }],
  [
    "patch",
    {
      operands: "write",
      reads: "i",
      writes: "or",
      looks: "d",
      values: "pDFBVYz",
      long: { output: "write", input: "read", "reject-file": "write" },
    },
  ],
  ...all(
    "gzip gunzip bzip2 bunzip2 xz unxz lzma unlzma zstd unzstd lz4 pigz ed ex vi vim nvim nano emacs vimdiff sudoedit dos2unix unix2dos",
    {
      operands: "change",
    },
  ),
  ...all("rename prename", { operands: "change", skip: 1 }),
  ["sdiff", { operands: "read", writes: "o", values: "Ww", long: { output: "write" } }],
  [
    "less",
    { operands: "read", writes: "oO", values: "bhjkpPtTxyz", long: { "log-file": "write", "LOG-FILE": "write" } },
  ],
  ["shuf", { operands: "read", writes: "o", values: "in", long: { output: "write", "random-source": "read" } }],
  ["mknod", { operands: "write", values: "m" }],
  ["mktemp", { operands: "write", looks: "p", long: { tmpdir: "look" } }],
  ["fallocate", { operands: "change", values: "lo" }],
  ["setfacl", { operands: "write", values: "mx", reads: "MX", isDeep: /^-\w*R|^--recursive$/ }],
  ["setfattr", { operands: "write", values: "nvx" }],
  ["chattr", { operands: "write", skip: 1, isDeep: /^-\w*R/ }],
  // Their other words are looked at as those of any program.
  ...all("gcc g++ cc c++ clang clang++ ld rustc pandoc gpg gpg2 time strace ltrace go", {
    operands: "words",
    isOpen: true,
    writes: "o",
    long: { output: "write" },
  }),
  ["ssh-keygen", { operands: "words", isOpen: true, writes: "f" }],
  ["csplit", { operands: "read", values: "bfn" }],
  ["unzip", { operands: "read", looks: "d", values: "x" }],
  ["mkdir", { operands: "write", values: "m" }],
  ["touch", { operands: "write", reads: "r", values: "dt", long: { reference: "look" } }],
  ["truncate", { operands: "write", reads: "r", values: "s", long: { reference: "look" } }],
  ...all("chmod chown chgrp", {
    operands: "write",
    skip: 1,
    long: { reference: "look" },
    isDeep: /^-\w*R|^--recursive$/,
  }),
  ["cp", { ...TARGET, isDeep: /^-\w*[rRa]|^--(?:rec|arc)/ }],
  ["ln", TARGET],
  ["mv", { ...TARGET, operands: "change", isDeep: true }],
  ["install", TARGET],
  [
    "rsync",
    {
      operands: "read",
      hasTarget: true,
      isDeep: true,
      values: "eBMT",
      long: { "files-from": "read", "log-file": "write" },
    },
  ],
  ["zip", { operands: "change", values: "xiPt" }],
  ["head", { operands: "read", values: "cn" }],
  ["tail", { operands: "read", values: "cns" }],
  ["split", { operands: "read", values: "abCln" }],
  ["xxd", { operands: "read", hasTarget: true, values: "clogs" }],
  [
    "sort",
    {
      operands: "read",
      writes: "o",
      looks: "T",
      values: "kSt",
      long: { output: "write", "temporary-directory": "look", "random-source": "read", ...FILES0 },
    },
  ],
  ["uniq", { operands: "read", hasTarget: true, values: "fsw" }],
  ...all("grep egrep fgrep zgrep", {
    operands: "read",
    skip: 1,
    reads: "f",
    values: "ABCDdem",
    long: { file: "read", "exclude-from": "read" },
  }),
  ...all("rg ag ack", {
    operands: "read",
    skip: 1,
    unskipped: /^--files$/,
    reads: "f",
    values: "ABCEegjMmrtT",
    long: { file: "read", "ignore-file": "read" },
  }),
  ...all("awk gawk mawk nawk", { operands: "read", skip: 1, reads: "fE", values: "evFi", long: { file: "read" } }),
  ["cut", { operands: "read", values: "bcdf" }],
  ["column", { operands: "read", values: "scotNR" }],
  ["iconv", { operands: "read", values: "ft", writes: "o", long: { output: "write" } }],
  ...all("jq yq", { operands: "read", skip: 1, reads: "f", long: { "from-file": "read" } }),
  [
    "curl",
    {
      operands: "words",
      isOpen: true,
      writes: "Dc",
      reads: "KTb",
      values: "oXHduAeFmrxywzCEYQPtU",
      long: {
        "upload-file": "read",
        config: "read",
        "dump-header": "write",
        "cookie-jar": "write",
        "etag-save": "write",
        trace: "write",
        "trace-ascii": "write",
        stderr: "write",
        hsts: "write",
        "alt-svc": "write",
        libcurl: "write",
      },
    },
  ],
  [
    "wget",
    {
      operands: "words",
      isOpen: true,
      writes: "Ooa",
      reads: "i",
      values: "PUetTwQ",
      long: {
        "output-document": "write",
        "output-file": "write",
        "append-output": "write",
        "save-cookies": "write",
        "warc-file": "write",
        "post-file": "read",
        "input-file": "read",
      },
    },
  ],
  ...all("tr expr sleep kill true false : exit return break continue shift seq", { operands: "words" }),
])

export const grammarOf = (base: string): Grammar | undefined => GRAMMARS.get(base)

/** Programs that only speak of their arguments: what looks like a path may serve another command, but is not opened. */
export const TELLING = new Set(
  "echo printf test [ which type command basename dirname export local declare typeset readonly unset set read hash".split(
    " ",
  ),
)

/** Options by which a program goes to a folder before it does anything; the rest of its words begin there. */
export const MOVING_OPTIONS: Readonly<Record<string, RegExp>> = {
  git: /^(?:-C|--git-dir|--work-tree)$/,
  make: /^(?:-C|--directory)$/,
  gmake: /^(?:-C|--directory)$/,
  ninja: /^-C$/,
  tar: /^(?:-C|--directory|--cd)$/,
  env: /^(?:-C|--chdir)$/,
  sudo: /^(?:-D|--chdir)$/,
  npm: /^(?:-C|--prefix)$/,
  pnpm: /^(?:-C|--dir|--prefix)$/,
  yarn: /^--cwd$/,
  bun: /^--cwd$/,
  cargo: /^(?:-C|--manifest-path)$/,
  go: /^-C$/,
  uv: /^--(?:directory|project)$/,
  poetry: /^(?:-C|--directory|--project)$/,
  pip: /^(?:-t|--target|--prefix|--root)$/,
  pip3: /^(?:-t|--target|--prefix|--root)$/,
}
