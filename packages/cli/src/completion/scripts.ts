/**
 * What a shell loads to complete our command. Each asks the program itself (`__complete`), so that a newer program
 * needs no newer script. An answer is a name a line, with what it is behind a tab; `:files` and `:folders` leave it to the
 * shell.
 */
export const scripts: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  // Bash takes words apart at `:` and `=`, so the line is read anew, and what stands before the last of them is cut off.
  bash: String.raw`_opencode() {
  local line="${"$"}{COMP_LINE:0:COMP_POINT}" typed before value about
  local -a words
  read -ra words <<<"$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  typed="${"$"}{words[${"$"}{#words[@]}-1]}"
  before="${"$"}{typed%"${"$"}{typed##*[:=]}"}"
  COMPREPLY=()
  while IFS=$'\t' read -r value about; do
    case "$value" in
      :files) compopt -o default ;;
      :folders) compopt -o dirnames ;;
      "$typed"*) COMPREPLY+=("${"$"}{value#"$before"}") ;;
    esac
  done < <("$1" __complete -- "${"$"}{words[@]:1}" 2>/dev/null)
}
complete -F _opencode opencode`,

  zsh: String.raw`#compdef opencode
_opencode() {
  local -a found lines
  local line value about
  lines=("${"$"}{(@f)$("${"$"}{(Q)words[1]}" __complete -- "${"$"}{(@Q)words[2,CURRENT-1]}" "${"$"}{(Q)PREFIX}" 2>/dev/null)}")
  for line in $lines; do
    case $line in
      :files) compset -P '--*='; _files; return ;;
      :folders) compset -P '--*='; _files -/; return ;;
    esac
    value="${"$"}{line%%$'\t'*}"
    about="${"$"}{line#*$'\t'}"
    found+=("${"$"}{value//:/\\:}${"$"}{about:+:$about}")
  done
  _describe opencode found
}
if [[ "${"$"}{funcstack[1]}" == _opencode ]]; then
  _opencode "$@"
else
  compdef _opencode opencode
fi`,

  fish: String.raw`function __opencode_complete
  set -l words (commandline -opc)
  set -l typed (commandline -ct)
  # What stands before the value, which the shell's own functions do not know.
  set -l option (string match -r -- '^--[^=]+=' "$typed")
  set -l value (string replace -r -- '^--[^=]+=' '' "$typed")
  for line in (command $words[1] __complete -- $words[2..-1] "$typed" 2>/dev/null)
    switch $line
      case :files
        string replace -r -- '^' "$option" (__fish_complete_path "$value")
      case :folders
        string replace -r -- '^' "$option" (__fish_complete_directories "$value" "")
      case '*'
        echo $line
    end
  end
end
complete -c opencode -f -a '(__opencode_complete)'`,
}
