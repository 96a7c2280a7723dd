import { sh } from './sh.ts'

/**
 * JSON for images that have no jq: a parser in awk, which busybox, mawk, gawk and the original awk run alike. It gives text
 * for `printf %b`, since an awk may not be able to print a byte of its choice, and a shell can. A value that no variable
 * can hold, or that is no text, is an error and never something like the value.
 */
export const readJson: string = sh`
# Of the JSON on stdin, the value at a path with one key per line, as text for printf %b; all texts of a list where $2 is "all".
# Ends with 3 when there is nothing, 4 when it is no text, 5 when this is no JSON, 6 when a variable cannot hold it.
_vault_json() {
  _vault_path=$1 _vault_all=$2 LC_ALL=C awk '
    function ws() { sub(/^[ \t\r\n]+/, "", rest) }
    function next_is(sign) {
      ws()
      if (substr(rest, 1, 1) != sign) return 0
      rest = substr(rest, 2)
      return 1
    }
    function end(code) {
      if (!ended) status = code
      ended = 1
      rest = ""
    }
    function found(text) {
      if (ended) return
      if (nul) { end(6); return }
      status = 0
      if (all) result = result text "\n"
      else { result = text; end(0) }
    }
    function octal(n) { return "\\0" int(n / 64) int(n / 8) % 8 n % 8 }
    function byte_of(n, shift) { return octal(128 + int(n / shift) % 64) }
    function hex(   i, n, digit) {
      n = 0
      for (i = 1; i <= 4; i++) {
        digit = length(rest) < i ? 0 : index("0123456789abcdef", tolower(substr(rest, i, 1)))
        if (digit == 0) { end(5); return 0 }
        n = n * 16 + digit - 1
      }
      rest = substr(rest, 5)
      return n
    }
    function unicode(   n, low) {
      n = hex()
      if (n == 0) nul = 1
      if (n == 92) return escape["\\"]
      if (n > 31 && n < 127) return sprintf("%c", n)
      if (n < 128) return octal(n)
      if (n < 2048) return octal(192 + int(n / 64)) byte_of(n, 1)
      if (n < 55296 || n >= 57344) return octal(224 + int(n / 4096)) byte_of(n, 64) byte_of(n, 1)
      low = 0
      if (n < 56320 && substr(rest, 1, 2) == "\\u") { rest = substr(rest, 3); low = hex() }
      if (low < 56320 || low >= 57344) { end(5); return "" }
      n = 65536 + (n - 55296) * 1024 + low - 56320
      return octal(240 + int(n / 262144)) byte_of(n, 4096) byte_of(n, 64) byte_of(n, 1)
    }
    function string(   text, sign) {
      nul = 0
      text = ""
      while (match(rest, /["\\]/)) {
        text = text substr(rest, 1, RSTART - 1)
        sign = substr(rest, RSTART, 1)
        rest = substr(rest, RSTART + 1)
        if (sign == "\"") return text
        sign = substr(rest, 1, 1)
        rest = substr(rest, 2)
        if (sign == "u") text = text unicode()
        else if (sign in escape) text = text escape[sign]
        else end(5)
      }
      end(5)
      return ""
    }
    function doubled(text,   out) {
      out = ""
      while (match(text, /\\/)) {
        out = out substr(text, 1, RSTART) "\\"
        text = substr(text, RSTART + 1)
      }
      return out text
    }
    function member(level, wanted,   key) {
      if (!next_is("\"")) { end(5); return }
      key = string()
      if (!next_is(":")) { end(5); return }
      value(level + 1, wanted && level <= depth && (key "") == (want[level] ""))
    }
    function members(level, wanted, close_sign) {
      if (wanted && level > depth && !(all && close_sign == "]")) { end(4); return }
      if (next_is(close_sign)) return
      while (!ended) {
        if (close_sign == "}") member(level, wanted)
        else value(level + 1, wanted && level > depth)
        if (next_is(close_sign)) return
        if (!next_is(",")) end(5)
      }
    }
    function value(level, wanted,   text) {
      if (next_is("{")) { members(level, wanted, "}"); return }
      if (next_is("[")) { members(level, wanted, "]"); return }
      if (next_is("\"")) { text = string(); if (wanted && level > depth) found(text); return }
      if (!match(rest, /^(true|false|null|-?[0-9][-+.0-9eE]*)/)) { end(5); return }
      text = substr(rest, 1, RLENGTH)
      rest = substr(rest, RLENGTH + 1)
      nul = 0
      if (!wanted || level <= depth) return
      if (text == "null") end(4)
      else found(text)
    }
    { rest = rest $0 "\n" }
    END {
      escape["\""] = "\""; escape["\\"] = "\\\\"; escape["/"] = "/"; escape["b"] = "\\b"; escape["f"] = "\\f"
      escape["n"] = "\\n"; escape["r"] = "\\r"; escape["t"] = "\\t"
      depth = split(ENVIRON["_vault_path"], want, "\n")
      for (i = 1; i <= depth; i++) want[i] = doubled(want[i])
      all = ENVIRON["_vault_all"] == "all"
      status = 3
      value(1, 1)
      ORS = ""
      print result
      exit status
    }'
}

# Sets _vault_value to the value at a path of the last answer, up to its last line break.
_vault_get() {
  _vault_value=$(printf '%s' "$_vault_body" | _vault_json "$1" '') || return
  _vault_value=$(printf '%b.' "$_vault_value")
  _vault_value=\${_vault_value%.}
}

# What Vault says for itself, a line each; nothing where the answer is no JSON.
_vault_words() {
  for _vault_key in errors warnings; do
    _vault_value=$(printf '%s' "$_vault_body" | _vault_json "$_vault_key" all 2>/dev/null) || continue
    printf '%b\n' "$_vault_value" | while IFS= read -r _vault_line; do
      if [ -n "$_vault_line" ]; then printf 'vault: Vault says: %s\n' "$_vault_line"; fi
    done
  done
}
`
