import { QueryClient } from '@tanstack/query-core'
import { unstable_serialize } from 'swr'
import { add, save, timed, ROUNDS, pick, stringKey, indexes } from './common.mjs'

const HOUR = 3600e3
const mask = (1 << 18) - 1
const sizes = pick([['1k', 1000]], [['1k', 1000]], [['1k', 1000], ['100k', 100_000], ['1M', 1_000_000]])
for (const [name, n] of sizes) {
  for (const kind of ['string', 'parts']) {
    const val = {}
    const queryFn = () => { throw new Error('must not load') }
    // options in the call and no client defaults is the cheapest way to use it
    const client = new QueryClient()
    const withDefaults = n < 1_000_000 ? new QueryClient({ defaultOptions: { queries: { staleTime: HOUR, gcTime: 2 * HOUR, queryFn } } }) : null
    const swr = new Map()
    const strs = kind === 'string' ? Array.from({ length: n }, (_, i) => stringKey(i)) : null
    const key = kind === 'string' ? (i) => [strs[i]] : (i) => ['seller', 'orders', i]
    for (let i = 0; i < n; i++) {
      client.setQueryData(key(i), val)
      withDefaults?.setQueryData(key(i), val)
      swr.set(unstable_serialize(kind === 'string' ? strs[i] : key(i)), { data: val })
    }
    const runs = {
      'tanstack fetchQuery': async (idx, m) => { for (let i = 0; i < m; i++) if ((await client.fetchQuery({ queryKey: key(idx[i & mask]), queryFn, staleTime: HOUR })) !== val) throw 1 },
      'tanstack getQueryData': (idx, m) => { for (let i = 0; i < m; i++) if (client.getQueryData(key(idx[i & mask])) !== val) throw 1 },
      'swr serialize+get': (idx, m) => { for (let i = 0; i < m; i++) if (swr.get(unstable_serialize(kind === 'string' ? strs[idx[i & mask]] : key(idx[i & mask]))).data !== val) throw 1 },
    }
    if (withDefaults) runs['tanstack fetchQuery+defaults'] = async (idx, m) => { for (let i = 0; i < m; i++) if ((await withDefaults.fetchQuery({ queryKey: key(idx[i & mask]) })) !== val) throw 1 }
    for (const dist of ['zipf', 'uniform']) {
      const idx = indexes(n, dist)
      for (let r = 0; r < ROUNDS; r++) {
        for (const [c, f] of Object.entries(runs)) {
          const m = pick(20_000, 20_000, 100_000)
          await f(idx, 5000)
          const [w, cpu] = await timed(() => f(idx, m))
          add('W1', `${kind}/${name}/${dist}/1g`, 'cpu ns/op', c, cpu / m)
          add('W1', `${kind}/${name}/${dist}/1g`, 'wall ns/op', c, w / m)
        }
      }
    }
    if (name === '1k') {
      for (const [c, f] of Object.entries(runs)) {
        const idx = indexes(n, 'uniform')
        await f(idx, 3000)
        globalThis.gc()
        const a = process.memoryUsage().heapUsed
        await f(idx, 2000)
        add('W1', `${kind}/${name}`, 'B/op', c, Math.round((process.memoryUsage().heapUsed - a) / 2000), true)
      }
    }
    client.clear()
    withDefaults?.clear()
  }
}
save()
process.exit(0)
