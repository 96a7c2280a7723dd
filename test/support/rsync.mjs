/**
 * Copies files as gitlab-ci-local asks rsync to, for machines that have no rsync: only the options it uses. Names that do
 * not exist are said and skipped; the exit code is rsync's 23 then.
 *
 *     rsync -a [--delete …] [--exclude PATTERN]… [--exclude-from=FILE] FROM/ TO/      contents of FROM into TO
 *     rsync -Ra [--exclude PATTERN]… PATH… TO                                         each path with its folders
 *     rsync -rRa [--exclude PATTERN]… --files-from=FILE FROM TO                       each path that FILE lists, below FROM
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative, resolve } from 'node:path'

const { flags, operands, excluded, list } = parse(process.argv.slice(2))
const to = operands.pop()
let missing = false

if (list !== undefined) copyEach(operands[0], readFileSync(list, 'utf8').split('\n').filter(Boolean))
else if (flags.has('R')) copyEach('.', operands)
else copyContents(operands[0])
process.exitCode = missing ? 23 : 0

function parse(words) {
  const parsed = { flags: new Set(), operands: [], excluded: [], list: undefined }
  for (let at = 0; at < words.length; at++) {
    const [, name, attached] = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[at]) ?? []
    const value = () => attached ?? words[++at]
    if (name === 'exclude') parsed.excluded.push(value())
    else if (name === 'exclude-from') parsed.excluded.push(...readFileSync(value(), 'utf8').split('\n').filter(Boolean))
    else if (name === 'files-from') parsed.list = value()
    else if (name === 'delete' || name === 'delete-excluded') parsed.flags.add('delete')
    else if (/^-[aRr]+$/.test(words[at])) for (const letter of words[at].slice(1)) parsed.flags.add(letter)
    else if (name === undefined && !words[at].startsWith('-')) parsed.operands.push(words[at])
    else throw new Error(`rsync.mjs does not know ${words[at]}: gitlab-ci-local uses rsync in a new way`)
  }
  return { ...parsed, excluded: parsed.excluded.map(matcher) }
}

function copyEach(from, paths) {
  for (const path of paths) {
    const source = join(from, path)
    if (existsSync(source)) copy(from, source, join(to, normalize(path)))
    else missing = true
    if (!existsSync(source)) console.error(`rsync: ${path}: No such file or directory`)
  }
}

function copyContents(from) {
  if (flags.has('delete'))
    for (const entry of existsSync(to) ? readdirSync(to) : []) rmSync(join(to, entry), { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from)) copy(from, join(from, entry), join(to, entry))
}

function copy(root, source, target) {
  const path = relative(root, source)
  if (path !== '' && excluded.some((matches) => matches(path, statSync(source, { throwIfNoEntry: false })))) return
  if (!statSync(source, { throwIfNoEntry: false })?.isDirectory()) {
    mkdirSync(dirname(target), { recursive: true })
    cpSync(source, target, { verbatimSymlinks: true, preserveTimestamps: true })
    return
  }
  if (resolve(target).startsWith(`${resolve(source)}/`) && resolve(source) !== resolve(root)) return
  mkdirSync(target, { recursive: true })
  for (const entry of readdirSync(source)) copy(root, join(source, entry), join(target, entry))
}

/** rsync(1), "PATTERN MATCHING RULES": a leading `/` anchors, a trailing one wants a folder, `*` stops at `/`, `**` does not. */
function matcher(pattern) {
  const folder = pattern.endsWith('/')
  const anchored = pattern.startsWith('/')
  const body = pattern.replace(/^\/|\/$/g, '').replace(/[.+^${}()|[\]\\]|\*\*|\*|\?/g, (sign) => {
    if (sign === '**') return '.*'
    return sign === '*' ? '[^/]*' : sign === '?' ? '[^/]' : `\\${sign}`
  })
  const expression = new RegExp(`${anchored ? '^' : '(?:^|/)'}${body}$`)
  return (path, stat) => expression.test(path) && (!folder || stat?.isDirectory() === true)
}
