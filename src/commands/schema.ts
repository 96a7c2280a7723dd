import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { jsonSchemas } from '../config/schema.ts'
import { kinds } from '../kinds/index.ts'
import type { Command } from './session/command.ts'
import { text, usage } from './session/options.ts'

export const schema: Command = {
  description: 'Without --out, prints one schema; with it, writes environment.json, role.json and settings.json.',
  arguments: [{ name: '[file]', description: 'environment, role or settings' }],
  options: [{ flags: '-o, --out <folder>', description: 'folder to write all of them to' }],
  async run(context, options, [name]) {
    const schemas: Readonly<Record<string, object>> = jsonSchemas(kinds)
    const out = text(options, 'out')
    if (out === undefined) {
      const one = schemas[name ?? '']
      if (one === undefined)
        throw usage(`which schema? ${Object.keys(schemas).join(', ')}`, 'Name one, or write all with --out FOLDER.')
      context.stdout.write(`${JSON.stringify(one, null, 2)}\n`)
      return 0
    }
    const folder = resolve(context.cwd, out)
    await mkdir(folder, { recursive: true })
    for (const [file, content] of Object.entries(schemas)) {
      if (name === undefined || name === file)
        await writeFile(join(folder, `${file}.json`), `${JSON.stringify(content, null, 2)}\n`)
    }
    return 0
  },
}
