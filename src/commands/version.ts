import manifest from '../../package.json' with { type: 'json' }
import type { Command } from './session/command.ts'

export const version: Command = {
  options: [],
  async run(context) {
    const { node } = process.versions
    context.stdout.write(`vaultwright ${manifest.version} (Node.js ${node}, ${process.platform} ${process.arch})\n`)
    return 0
  },
}
