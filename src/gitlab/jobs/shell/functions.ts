import { readJson } from './json.ts'
import { sh } from './sh.ts'

const beginning: string = sh`# Reads secrets from Vault with curl and awk alone, in any sh. GitLab masks none of what is read here: never print it.

# Between these two, nothing shows in the log of a job that traces its commands, and nothing reaches its processes.
_vault_quiet() { _vault_flags=$-; set +x +a; }
_vault_loud() {
  case $_vault_flags in *a*) set -a ;; esac
  case $_vault_flags in *x*) set -x ;; esac
}

{ _vault_quiet; } 2>/dev/null
unset _vault_token _vault_value _vault_input _vault_body _vault_revoked
_vault_token= _vault_type= _vault_folder= _vault_at= _vault_leased= _vault_newline='
'
_vault_loud

# What happened, why, and what to do; then the job ends, and leaves nothing behind.
_vault_fail() {
  printf 'vault: %s\n' "$@" >&2
  if [ -n "$_vault_token" ]; then _vault_revoke; fi
  if [ -n "$_vault_folder" ]; then rm -rf -- "$_vault_folder"; fi
  exit 1
}

# Asks Vault: method, path, options of curl. What goes in by stdin is no argument that other processes could see.
# Sets _vault_status and _vault_body; fails as curl does, which has said why.
_vault_ask() {
  _vault_method=$1 _vault_request=$2
  shift 2
  if [ -n "\${VAULT_NAMESPACE:-}" ]; then set -- "$@" --header "X-Vault-Namespace: $VAULT_NAMESPACE"; fi
  if [ -n "\${VAULT_CACERT:-}" ]; then set -- "$@" --cacert "$VAULT_CACERT"; fi
  _vault_body=$(printf '%s' "$_vault_input" | curl -q --silent --show-error --globoff --path-as-is \
    --connect-timeout 10 --max-time 60 --request "$_vault_method" --write-out '\n%{http_code}' \
    "$@" "$_vault_url/v1/$_vault_request") || return
  _vault_status=\${_vault_body##*"$_vault_newline"}
  _vault_body=\${_vault_body%"$_vault_newline"*}
}

_vault_ask_with_token() {
  _vault_input="X-Vault-Token: $_vault_token"
  _vault_ask "$1" "$2" --header @-
}

# No answer at all: what was tried, and the exit code of curl.
_vault_unreached() {
  case $2 in
    6) set -- "$1" "$2" "VAULT_SERVER_URL names a host that this job cannot find." ;;
    7 | 28) set -- "$1" "$2" "Nothing answers there: check VAULT_SERVER_URL, and that this runner may reach it." ;;
    35 | 60 | 77) set -- "$1" "$2" "The certificate is not trusted here: a private CA goes into a CI/CD variable VAULT_CACERT of type file." ;;
    *) set -- "$1" "$2" "Check VAULT_SERVER_URL." ;;
  esac
  _vault_fail "$1 did not work: curl ended with $2, see above." "$3"
}

# An answer that is a no: what was tried, and what to do.
_vault_refused() {
  _vault_words >&2
  case $_vault_status in
    3*) set -- "$1" "The server sends elsewhere: set VAULT_SERVER_URL to the final address; a token is not sent after it." ;;
    429) set -- "$1" "The server limits requests: try again later." ;;
    5*) set -- "$1" "The server cannot answer now (503: it is sealed): try again when it can." ;;
  esac
  _vault_fail "$1 was answered with HTTP $_vault_status." "$2"
}

`

const login: string = sh`
# Where Vault is, in _vault_url; a credential goes only where every variable says it should.
_vault_find() {
  _vault_url=\${VAULT_SERVER_URL:-\${VAULT_ADDR:-}}
  _vault_url=\${_vault_url%/}
  _vault_other=\${VAULT_ADDR:-$_vault_url}
  if [ -z "$_vault_url" ]; then
    _vault_fail "This job does not know where Vault is: VAULT_SERVER_URL is empty." \
      "Set it as a CI/CD variable of the group or project; a protected one is there on protected branches only."
  fi
  if [ "\${_vault_other%/}" != "$_vault_url" ]; then
    _vault_fail "VAULT_SERVER_URL ($_vault_url) and VAULT_ADDR ($VAULT_ADDR) differ, so nothing was sent to either." \
      "Remove one of them."
  fi
  case $_vault_url in
    https://?* | http://?*) ;;
    *) _vault_fail "VAULT_SERVER_URL is no URL: $_vault_url" "It begins with https://." ;;
  esac
}

_vault_needs() {
  command -v "$1" >/dev/null || _vault_fail "This image has no $1." \
    "Install it before: in before_script, as the first line, on Alpine: apk add --no-cache $1"
}

# Logs in with the job's ID token.
vault_login() {
  { _vault_quiet; } 2>/dev/null
  _vault_role=\${VAULT_AUTH_ROLE:-} _vault_mount=\${VAULT_AUTH_PATH:-jwt}
  _vault_needs curl
  _vault_needs awk
  _vault_find
  case \${VAULT_ID_TOKEN:-} in
    '') _vault_fail "This job has no ID token: VAULT_ID_TOKEN is empty." \
      "It comes from id_tokens of the template; a job with id_tokens of its own must repeat it." ;;
    *[!A-Za-z0-9._-]*) _vault_fail "VAULT_ID_TOKEN holds no ID token." "Let id_tokens set it, and no CI/CD variable." ;;
  esac
  case $_vault_role in *[!A-Za-z0-9._-]*) _vault_fail "VAULT_AUTH_ROLE is no name of a role: $_vault_role" "Correct it." ;; esac
  case $_vault_mount in auth/*) _vault_fail "VAULT_AUTH_PATH begins with auth/: $_vault_mount" "Write it without." ;; esac
  _vault_what="The login as role $_vault_role at auth/$_vault_mount of $_vault_url"
  _vault_input="{\"role\":\"$_vault_role\",\"jwt\":\"$VAULT_ID_TOKEN\"}"
  _vault_ask POST "auth/$_vault_mount/login" --header 'Content-Type: application/json' --data-binary @- ||
    _vault_unreached "$_vault_what" "$?"
  _vault_input=
  case $_vault_status in
    200) ;;
    403) _vault_refused "$_vault_what" "There is no such mount in this namespace (VAULT_AUTH_PATH, VAULT_NAMESPACE), or the role does not take this address." ;;
    *) _vault_refused "$_vault_what" "What Vault says names the check that failed: the role, or a claim of the ID token that the role binds." ;;
  esac
  _vault_get "auth\${_vault_newline}token_type" || _vault_value=
  _vault_type=$_vault_value
  _vault_get "auth\${_vault_newline}lease_duration" || _vault_value='?'
  _vault_seconds=$_vault_value
  _vault_get "auth\${_vault_newline}client_token" ||
    _vault_fail "$_vault_what was answered without a token." "Is VAULT_SERVER_URL the address of a Vault?"
  _vault_token=$_vault_value _vault_value= _vault_body=
  printf 'vault: logged in as role %s; the token lasts %s seconds\n' "$_vault_role" "$_vault_seconds"
  _vault_loud
}
`

const reading: string = sh`
# vault_secret NAME ENGINE MOUNT PATH FIELD [file]: exports a field as NAME, or the path of a file that holds it.
# Fields of one path in a row come from one answer, so that a user and a password belong together.
vault_secret() {
  { _vault_quiet; } 2>/dev/null
  _vault_keys="data$_vault_newline$5" _vault_place="$3/$4"
  if [ "$2" = kv-v2 ]; then _vault_keys="data$_vault_newline$_vault_keys" _vault_place="$3/data/$4"; fi
  if [ -z "$_vault_token" ]; then _vault_fail "$1 cannot be read without a token." "Call vault_login before vault_secret."; fi
  if [ "$2 $_vault_place" != "$_vault_at" ]; then _vault_read "$1" "$_vault_place" "$2"; fi
  _vault_at="$2 $_vault_place"
  _vault_get "$_vault_keys" || case $? in
    3) _vault_fail "$1: $_vault_place has no field \"$5\"." "Correct the field or the secret, or the engine, which is said to be $2." ;;
    4) _vault_fail "$1: the field \"$5\" of $_vault_place holds no text." "Store a text there; it is a map, a list or null." ;;
    6) _vault_fail "$1: the field \"$5\" of $_vault_place holds a NUL, which no variable can." "Store it in Base64, and decode it in the job." ;;
    *) _vault_fail "$1: the answer of $_vault_place could not be read." "Is VAULT_SERVER_URL the address of a Vault?" ;;
  esac
  if [ "\${6:-}" = file ]; then _vault_store "$1" "$_vault_value"; fi
  export "$1=$_vault_value"
  _vault_value=
  printf 'vault: %s is from %s\n' "$1" "$_vault_place"
  _vault_loud
}

_vault_read() {
  _vault_at=
  _vault_ask_with_token GET "$2" || _vault_unreached "The read of $2 for $1" "$?"
  _vault_input=
  case $_vault_status in
    200) ;;
    403) _vault_refused "The read of $2 for $1" "A policy of role $_vault_role must hold: path \"$2\" { capabilities = [\"read\"] }" ;;
    204 | 404) _vault_refused "The read of $2 for $1" "There is no such secret, or it is deleted: look at its mount, path and engine." ;;
    *) _vault_refused "The read of $2 for $1" "What Vault says is the reason." ;;
  esac
  _vault_get "lease_id" || _vault_value=
  if [ -z "$_vault_value" ]; then return; fi
  _vault_leased=yes
  if [ "$3" != generic ]; then
    _vault_fail "$1: $2 is leased, and its lease would end with this token before the job uses it." \
      "Declare it with engine: generic, and write the templates anew."
  fi
}

# The job's own folder for files, which after_script removes.
_vault_make_folder() {
  _vault_folder="\${CI_PROJECT_DIR:-$PWD}.tmp/vault-\${CI_JOB_ID:-0}"
  (umask 077 && mkdir -p -- "$_vault_folder" && chmod 700 "$_vault_folder") ||
    _vault_fail "The folder $_vault_folder could not be made." "Let the user of this image write there."
}

# Sets _vault_value to the path of a file that holds the value and that only this user can read.
_vault_store() {
  _vault_make_folder
  _vault_value=$_vault_folder/$1
  rm -f -- "$_vault_value"
  (umask 077 && printf '%s' "$2" >"$_vault_value") ||
    _vault_fail "$1 could not be written to $_vault_value." "Is the disk full?"
}
`

const ending: string = sh`
_vault_revoke() {
  _vault_revoked=$_vault_token _vault_token=
  if [ "$_vault_type" = batch ]; then
    printf 'vault: the token is a batch token, which nobody can revoke; it ends by itself\n'
    return
  fi
  _vault_input="X-Vault-Token: $_vault_revoked"
  _vault_revoked=
  if _vault_ask POST auth/token/revoke-self --header @- && [ "$_vault_status" = 204 ]; then
    printf 'vault: the token is revoked\n'
  else
    printf 'vault: %s\n' "The token could not be revoked (HTTP \${_vault_status:-none}); it ends by itself." \
      'A role with token_no_default_policy needs: path "auth/token/revoke-self" { capabilities = ["update"] }' >&2
  fi
  _vault_input=
}

# After the last secret: the token is of no more use, unless leases live as long as it does. Then after_script revokes it.
vault_done() {
  { _vault_quiet; } 2>/dev/null
  _vault_body= _vault_at=
  if [ -z "$_vault_leased" ] || [ "$_vault_type" = batch ]; then
    _vault_revoke
  else
    _vault_store .token "$_vault_token"
    _vault_token=
    printf 'vault: after_script will revoke the token, and with it what it has leased\n'
  fi
  _vault_loud
}

# In after_script, which has a shell of its own: removes the files, and revokes the token that was kept.
vault_end() {
  { _vault_quiet; } 2>/dev/null
  _vault_folder="\${CI_PROJECT_DIR:-$PWD}.tmp/vault-\${CI_JOB_ID:-0}"
  if [ -f "$_vault_folder/.token" ]; then
    _vault_find
    _vault_token=$(cat -- "$_vault_folder/.token")
    _vault_revoke
  fi
  rm -rf -- "$_vault_folder"
  _vault_folder=
  _vault_loud
}
`

/**
 * The shell functions of `gitlab jobs --via script`, for /bin/sh of any image: busybox, dash, bash. They run in the job's
 * own shell, which before_script and script share, so that what they export is there for the job's commands.
 */
export const shellFunctions: string = `${beginning.trimEnd()}\n${readJson}${login}${reading}${ending}`
