// Loaded into a measured process (`node --require`): at its end, writes its peak memory to the file that is named.
const { writeFileSync } = require('node:fs')

process.on('exit', () => {
  // maxRSS is in kilobytes (getrusage).
  if (process.env.BENCH_USAGE) writeFileSync(process.env.BENCH_USAGE, String(process.resourceUsage().maxRSS))
})
