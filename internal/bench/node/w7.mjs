import { QueryClient, QueryObserver, environmentManager } from '@tanstack/query-core'
import { add, save, timed, ROUNDS, heap } from './common.mjs'

environmentManager.setIsServer(() => false)
for (const [kase, keys, perKey, reps] of [['1 key x 1', 1, 1, 2000], ['1 key x 100', 1, 100, 300], ['1 key x 10k', 1, 10_000, 10], ['10k keys x 1', 10_000, 1, 10]]) {
  const client = new QueryClient()
  let seen = 0
  let flip = 0
  const h = heap()
  const qk = (k) => ['k', k]
  for (let k = 0; k < keys; k++) {
    client.setQueryData(qk(k), -1)
    for (let j = 0; j < perKey; j++) new QueryObserver(client, { queryKey: qk(k), staleTime: Infinity, queryFn: () => 0 }).subscribe(() => { seen++ })
  }
  const once = async () => {
    seen = 0
    flip ^= 1
    for (let k = 0; k < keys; k++) client.setQueryData(qk(k), flip)
    while (seen < keys * perKey) await new Promise((r) => setImmediate(r))
    if (seen !== keys * perKey) throw new Error('seen ' + seen)
  }
  await once()
  if (keys * perKey >= 10_000) add('W7', kase, 'B/observer', 'tanstack', (heap() - h) / (keys * perKey), true)
  for (let r = 0; r < ROUNDS; r++) {
    await once()
    const [w, cpu] = await timed(async () => { for (let i = 0; i < reps; i++) await once() })
    add('W7', kase, 'wall us', 'tanstack', w / 1e3 / reps)
    add('W7', kase, 'cpu ns/observer', 'tanstack', cpu / reps / (keys * perKey))
  }
  client.clear()
}
save()
process.exit(0)
