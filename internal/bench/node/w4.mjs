import { QueryClient } from '@tanstack/query-core'
import { unstable_serialize } from 'swr'
import { add, save, pick, heap, stringKey } from './common.mjs'

const n = pick(200_000, 500_000, 1_000_000)
const vals = Array.from({ length: n }, (_, i) => ('v' + i).padEnd(64, 'x') + '')
const strs = Array.from({ length: n }, (_, i) => stringKey(i))
for (const kind of ['string', 'parts']) {
  // the key arrays are made before the baseline, as the caller's payload
  const keys = kind === 'string' ? strs.map((s) => [s]) : strs.map((_, i) => ['seller', 'orders', i])
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 60e3, gcTime: 3600e3 } } })
  const a = heap()
  for (let i = 0; i < n; i++) client.setQueryData(keys[i], vals[i])
  add('W4', kind, 'B/entry', 'tanstack', (heap() - a) / n, true)
  client.clear()
  const m = new Map()
  const b = heap()
  for (let i = 0; i < n; i++) m.set(unstable_serialize(kind === 'string' ? strs[i] : keys[i]), { data: vals[i], _k: keys[i] })
  add('W4', kind, 'B/entry', 'swr', (heap() - b) / n, true)
  if (m.size !== n) throw 1
}
save()
process.exit(0)
