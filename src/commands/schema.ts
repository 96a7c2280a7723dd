import { join } from 'node:path'
import { jsonSchemas } from '../config/schema.ts'
import { kinds } from '../kinds/index.ts'
import type { Command } from './session/command.ts'
import { text, usage } from './session/options.ts'
import { writePublic } from './session/output-file.ts'

export const schema: Command = {
  description:
    'Without --out, prints one schema; with it, writes environment.json, promises.json, role.json and settings.json.',
  arguments: [{ name: '[file]', description: 'environment, promises, role or settings' }],
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
    for (const [file, content] of Object.entries(schemas)) {
      if (name !== undefined && name !== file) continue
      await writePublic(context, join(out, `${file}.json`), `${JSON.stringify(content, null, 2)}\n`)
    }
    return 0
  },
}
