import { QueryClient } from '@tanstack/query-core'
import { add, save, timed, ROUNDS, pick, stringKey } from './common.mjs'

const n = pick(60_000, 60_000, 300_000)
const keys = Array.from({ length: n }, (_, i) => stringKey(i))
for (let r = 0; r < ROUNDS; r++) {
  const client = new QueryClient()
  globalThis.gc()
  const [w, cpu] = await timed(async () => {
    for (let i = 0; i < n; i++) await client.fetchQuery({ queryKey: [keys[i]], queryFn: () => i, staleTime: 60e3, gcTime: 3600e3 })
  })
  add('W3', 'unbounded/1g', 'cpu ns/op', 'tanstack', cpu / n)
  add('W3', 'unbounded/1g', 'wall ns/op', 'tanstack', w / n)
  client.clear()
}
save()
process.exit(0)
