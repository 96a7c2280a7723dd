import { mkdtemp, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Diagnostic, problem, UserError } from '../core/diagnostic.ts'
import type { Wanted } from '../import/read.ts'
import type { Shaped } from '../import/shape.ts'
import { kinds } from '../kinds/index.ts'
import { filesBeside, obstacles, placeFiles } from './import/place-files.ts'
import { prove } from './import/prove.ts'
import { provenShape, unproved } from './import/proven.ts'
import { refuseForbidden, refuseVanished } from './import/refusals.ts'
import { type AnsweredSource, readSources } from './import/sources.ts'
import { type Imported, importJson, importText } from './import/summary.ts'
import type { Command, Context, Options } from './session/command.ts'
import { examine } from './session/examination.ts'
import { colorOption, formatOption, list, parallelismOption, text, useColor, verboseOption } from './session/options.ts'
import { progress } from './session/progress.ts'

export const importCommand: Command = {
  description: [
    'Reads mounts, configurations, roles and policies, and writes environments/, roles/ and policies/ that say the same.',
    'Before a file is put in place, all of them are loaded and planned against what was read: the plan has to be empty.',
    'Exit code 0: the files are there; 1: nothing was written.',
  ].join('\n'),
  options: [
    {
      flags: '-e, --environment <name[=namespace]>',
      description: 'an environment to be, of the server that VAULT_ADDR names; may be given several times',
      repeatable: true,
    },
    {
      flags: '--live <name=file>',
      description:
        'an environment to be, and a snapshot of its server instead of the server; may be given several times',
      repeatable: true,
    },
    {
      flags: '--from-terraform <name=file>',
      description: 'an environment to be, and what "terraform show -json" printed; may be given several times',
      repeatable: true,
    },
    {
      flags: '--from-bank-vaults <name=file>',
      description: 'an environment to be, and a configuration of bank-vaults; may be given several times',
      repeatable: true,
    },
    {
      flags: '--address <name=url>',
      description:
        "the address of an environment's server, where such a file does not say it; may be given several times",
      repeatable: true,
    },
    { flags: '--server <product@version>', description: 'which server such files are for, such as openbao@2.6.1' },
    {
      flags: '--mount <pattern>',
      description: 'only these auth mounts, * is any text; may be given several times',
      repeatable: true,
    },
    { flags: '--role <pattern>', description: 'only these roles; may be given several times', repeatable: true },
    {
      flags: '--policy <pattern>',
      description: 'only these policies; without it, and with --mount or --role, those that the roles name',
      repeatable: true,
    },
    { flags: '-o, --out <folder>', description: 'where the files go', default: '.' },
    { flags: '--force', description: 'write over files that are there' },
    { flags: '--dry-run', description: 'say what would be written, and write nothing' },
    { flags: '--no-fold', description: 'a file for each role and policy of each environment' },
    { flags: '--skip-forbidden', description: 'leave out what the token may not read' },
    formatOption('text', 'json'),
    parallelismOption,
    colorOption,
    verboseOption,
  ],
  run: runImport,
}

async function runImport(context: Context, options: Options): Promise<number> {
  const wanted = wantedOf(options)
  const shown = progress(context, options)
  const sources = await readSources(context, options, wanted, shown).finally(shown.end)
  refuseVanished(sources)
  if (options['skipForbidden'] !== true) refuseForbidden(sources)
  const folder = resolve(context.cwd, text(options, 'out') ?? '.')
  const dryRun = options['dryRun'] === true
  const stage = await mkdtemp(
    join(dryRun ? await realpath(tmpdir()) : await nearestFolder(folder), '.vaultwright-import-'),
  ).catch((error: NodeJS.ErrnoException) => {
    throw new UserError([
      problem('unwritable', `${folder} cannot be written (${error.code})`, 'Choose another place with --out.'),
    ])
  })
  try {
    shown.stage('proving that the files say the same')
    const proved = await provenShape(context, { sources, wanted, stage, fold: options['fold'] !== false }).finally(
      shown.end,
    )
    const paths = proved.shaped.files.map(({ path }) => path)
    const force = options['force'] === true
    // A dry run is refused as well: it says what would happen.
    const inTheWay = await obstacles(folder, paths, force)
    if (inTheWay.length > 0) throw new UserError([...inTheWay, ...overwriteHelp(inTheWay)])
    if (!dryRun) await putInPlace(context, { folder, paths, stage, sources, shaped: proved.shaped, force })
    const kept = force ? await filesBeside(folder, paths) : []
    report(context, options, { ...proved, sources, folder: text(options, 'out') ?? '.', written: !dryRun, kept })
    return 0
  } finally {
    await rm(stage, { recursive: true, force: true })
  }
}

function wantedOf(options: Options): Wanted {
  const [mounts, roles, policies] = [list(options, 'mount'), list(options, 'role'), list(options, 'policy')]
  const narrowed = mounts.length + roles.length > 0
  return {
    mounts: mounts.length > 0 ? mounts : ['*'],
    roles: roles.length > 0 ? roles.map((name) => name.toLowerCase()) : ['*'],
    ...(policies.length > 0
      ? { policies: policies.map((name) => name.toLowerCase()) }
      : narrowed
        ? {}
        : { policies: ['*'] }),
  }
}

/** The folder itself, or the nearest one above it that is there: renaming is at once only within one file system. */
async function nearestFolder(folder: string): Promise<string> {
  const there = await stat(folder).then(
    (status) => status.isDirectory(),
    () => false,
  )
  return there || dirname(folder) === folder ? await realpath(folder) : nearestFolder(dirname(folder))
}

interface Placing {
  readonly folder: string
  readonly paths: readonly string[]
  readonly stage: string
  readonly sources: readonly AnsweredSource[]
  readonly shaped: Shaped
  readonly force: boolean
}

/** With files that were there before, the whole is proved once more, and everything taken back where they do not go together. */
async function putInPlace(context: Context, { folder, paths, stage, sources, shaped, force }: Placing): Promise<void> {
  const placed = await placeFiles(stage, folder, paths, force)
  const flaws = await prove(folder, shaped, sources, context.env).then(
    (proof) => proof.flaws,
    (error: unknown) => placed.undo().then(() => Promise.reject(error)),
  )
  if (flaws.length === 0) return
  await placed.undo()
  throw unproved(
    flaws,
    'together with the files that are there already this would not be what the server has',
    'Import into an empty folder with --out, or delete first what does not hold any more.',
  )
}

function overwriteHelp(found: readonly Diagnostic[]): Diagnostic[] {
  const files = found.filter(({ code }) => code === 'file-exists').length
  if (files === 0) return []
  return [
    problem(
      'file-exists',
      `nothing was written, because ${files === 1 ? 'a file is' : `${files} files are`} in the way`,
      'Import into another folder with --out, or write over them with --force.',
    ),
  ]
}

function report(context: Context, options: Options, result: Omit<Imported, 'findings'>): void {
  const { diagnostics } = examine(result.configuration, kinds)
  const imported: Imported = { ...result, findings: diagnostics }
  const color = useColor(context, options, context.stdout)
  const verbose = options['verbose'] === true
  context.stdout.write(
    text(options, 'format') === 'json' ? importJson(imported) : importText(imported, { color, verbose }),
  )
}
