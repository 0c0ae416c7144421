import { QueryClient } from '@tanstack/query-core'
import { add, save, timed, ROUNDS, sleep } from './common.mjs'

const client = new QueryClient()
for (const n of [1, 100, 10_000]) {
  for (let r = -2; r < ROUNDS; r++) {
    let calls = 0
    const queryFn = async () => { calls++; await sleep(5); return 1 }
    const queryKey = ['w2', n, r]
    globalThis.gc()
    const h = process.memoryUsage().heapUsed
    const ps = new Array(n)
    const [w, cpu] = await timed(() => {
      for (let i = 0; i < n; i++) ps[i] = client.fetchQuery({ queryKey, queryFn, staleTime: 3600e3, gcTime: 7200e3 })
      return Promise.all(ps)
    })
    const wall = w / 1e3
    const b = process.memoryUsage().heapUsed - h
    if (r < 0) continue
    add('W2', `${n} callers`, 'wall us', 'tanstack', wall)
    add('W2', `${n} callers`, 'cpu ns/caller', 'tanstack', cpu / n)
    add('W2', `${n} callers`, 'loader calls', 'tanstack', calls, true)
    add('W2', `${n} callers`, 'B/caller', 'tanstack', Math.round(b / n), true)
  }
}
save()
process.exit(0)
