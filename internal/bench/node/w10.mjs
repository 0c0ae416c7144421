import { QueryClient } from '@tanstack/query-core'
import { add, save, timed, ROUNDS } from './common.mjs'

const one = async () => {
  const c = new QueryClient()
  await c.fetchQuery({ queryKey: ['k'], queryFn: () => 1 })
  c.clear()
}
for (let r = -1; r < ROUNDS; r++) {
  const [, cpu] = await timed(async () => { for (let i = 0; i < 2000; i++) await one() })
  if (r >= 0) add('W10', 'new, fetch, close', 'cpu us', 'tanstack', cpu / 1e3 / 2000)
}
globalThis.gc()
const a = process.memoryUsage().heapUsed
for (let i = 0; i < 500; i++) await one()
add('W10', 'new, fetch, close', 'B', 'tanstack', Math.round((process.memoryUsage().heapUsed - a) / 500), true)
save()
process.exit(0)
