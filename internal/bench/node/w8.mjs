import { QueryClient } from '@tanstack/query-core'
import { add, save, now, sleep, pick, heap, cpuMs, rng, stringKey, Hist } from './common.mjs'

const n = pick(100_000, 1_000_000, 1_000_000)
const ttl0 = pick(1000, 4000, 4000)
const window = pick(1000, 3000, 3000)
const kase = pick('100k', '1M', '1M')
for (let r = 0; r < pick(1, 1, 2); r++) {
  const rnd = rng(1)
  const keys = Array.from({ length: n }, (_, i) => [stringKey(i)])
  const hot = Array.from({ length: 1000 }, (_, i) => ['hot/' + stringKey(i)])
  const before = heap()
  const client = new QueryClient()
  const cache = client.getQueryCache()
  for (const k of hot) cache.build(client, { queryKey: k, gcTime: 3600e3 }).setData(1)
  const t0 = now()
  for (let i = 0; i < n; i++) cache.build(client, { queryKey: keys[i], gcTime: ttl0 + rnd() * window }).setData(1)
  const fill = (now() - t0) / 1e6
  globalThis.gc()
  const end = t0 / 1e6 + ttl0 + window + fill
  const c0 = cpuMs()
  const h = new Hist()
  let gap = 0
  let last = now()
  let lag = 6000
  for (let i = 0; now() / 1e6 < end + 6_000; i++) {
    const a = now()
    if (a - last > gap) gap = a - last
    client.getQueryData(hot[i % 1000])
    last = now()
    h.add(last - a)
    if (last / 1e6 > end && i % 20 === 0 && cache.getAll().length <= 1000) {
      lag = Math.max(0, last / 1e6 - end)
      break
    }
    await sleep(1)
  }
  const cpu = cpuMs() - c0
  add('W8', kase, 'fill ns/entry', 'tanstack', (fill * 1e6) / n)
  add('W8', kase, 'cpu ms', 'tanstack', cpu)
  add('W8', kase, 'reader p99 us', 'tanstack', h.q(0.99) / 1e3)
  add('W8', kase, 'reader max ms', 'tanstack', Math.max(h.max, gap) / 1e6) // one thread: a stall of the loop is the reader's stall
  add('W8', kase, 'worst gap ms', 'tanstack', gap / 1e6)
  add('W8', kase, 'lag ms', 'tanstack', lag)
  add('W8', kase, 'left B/entry', 'tanstack', Math.max(0, (heap() - before) / n), true)
  client.clear()
}
save()
process.exit(0)
