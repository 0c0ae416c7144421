import { QueryClient } from '@tanstack/query-core'
import { unstable_serialize } from 'swr'
import { initCache } from 'swr/_internal'
import { add, save, timed, ROUNDS, pick } from './common.mjs'

const ORD = 1000
for (const tenants of pick([10, 100], [10, 1000], [10, 100, 1000])) {
  const kase = `N=${tenants}k`
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity, gcTime: 3600e3 } } })
  for (let t = 0; t < tenants; t++) for (let i = 0; i < ORD; i++) client.setQueryData(['t', t, 'orders', i], i)
  for (let r = 0; r < ROUNDS; r++) {
    const tn = (r * 37 + 3) % tenants
    const [w, cpu] = await timed(() => client.invalidateQueries({ queryKey: ['t', tn], refetchType: 'none' }))
    add('W5', kase, 'wall us', 'tanstack', w / 1e3)
    add('W5', kase, 'cpu us', 'tanstack', cpu / 1e3)
    const st = (t, i) => client.getQueryState(['t', t, 'orders', i]).isInvalidated
    if (!st(tn, 0) || !st(tn, 999) || st((tn + 1) % tenants, 5)) throw new Error('wrong')
    for (let i = 0; i < ORD; i++) client.setQueryData(['t', tn, 'orders', i], i)
  }
  client.clear()
  const [cache, mutate] = initCache(new Map())
  for (let t = 0; t < tenants; t++) for (let i = 0; i < ORD; i++) {
    const k = ['t', t, 'orders', i]
    cache.set(unstable_serialize(k), { data: i, _k: k })
  }
  for (let r = 0; r < ROUNDS; r++) {
    const tn = (r * 37 + 3) % tenants
    let res
    const [w, cpu] = await timed(async () => { res = await mutate((k) => Array.isArray(k) && k[0] === 't' && k[1] === tn, undefined, { revalidate: false }) })
    add('W5', kase, 'wall us', 'swr', w / 1e3)
    add('W5', kase, 'cpu us', 'swr', cpu / 1e3)
    if (res.length !== ORD) throw new Error('swr matched ' + res.length)
    for (let i = 0; i < ORD; i++) {
      const k = ['t', tn, 'orders', i]
      cache.set(unstable_serialize(k), { data: i, _k: k })
    }
  }
}
save()
process.exit(0)
