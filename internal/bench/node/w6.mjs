import { QueryClient, QueryObserver, environmentManager } from '@tanstack/query-core'
import { add, save, sleep, pick, heap, cpuMs, now, Hist } from './common.mjs'

environmentManager.setIsServer(() => false) // or no timer ever runs under Node
const iv = pick(1000, 5000, 5000)

async function run(n) {
  const last = new Float64Array(n)
  let measuring = false
  let polls = 0
  const hist = new Hist()
  const client = new QueryClient()
  const a = heap()
  const unsub = new Array(n)
  const start = (i) => {
    const o = new QueryObserver(client, {
      queryKey: ['poll', i],
      queryFn: () => {
        const t = now()
        if (last[i] && measuring) {
          polls++
          hist.add(Math.abs((t - last[i]) / 1e3 - iv * 1e3))
        }
        last[i] = t
        return 1
      },
      refetchInterval: iv,
      refetchIntervalInBackground: true,
      staleTime: iv * 100,
    })
    unsub[i] = o.subscribe(() => {})
  }
  const t0 = now()
  for (let i = 0; i < n; ) {
    const upto = Math.min(n, Math.floor((n * ((now() - t0) / 1e6 + 10)) / iv))
    for (; i < upto; i++) start(i)
    await sleep(10)
  }
  const until = async (ms) => { const d = ms - (now() - t0) / 1e6; if (d > 0) await sleep(d) }
  await until(1.6 * iv)
  const b = heap()
  await until(2.05 * iv)
  measuring = true
  const c0 = cpuMs()
  const t1 = now()
  await sleep(pick(1, 1, 2) * iv)
  measuring = false
  const cpu = cpuMs() - c0
  const wall = (now() - t1) / 1e6
  for (const u of unsub) u()
  client.clear()
  return { pct: (100 * cpu) / wall, cpuUs: (cpu * 1e3) / Math.max(1, polls), bytes: (b - a) / n, p50: hist.q(0.5), p99: hist.q(0.99), max: hist.max, rate: (100 * polls) / ((n * wall) / iv) }
}
for (const n of pick([1000, 20_000], [1000, 100_000], [1000, 10_000, 100_000])) {
  const p = await run(n)
  const kase = `${n / 1000}k`
  add('W6', kase, 'cpu % of a core', 'tanstack', p.pct)
  add('W6', kase, 'cpu us/poll', 'tanstack', p.cpuUs)
  add('W6', kase, 'B/key', 'tanstack', p.bytes, true)
  add('W6', kase, 'jitter p50 us', 'tanstack', p.p50)
  add('W6', kase, 'jitter p99 us', 'tanstack', p.p99)
  add('W6', kase, 'jitter max us', 'tanstack', p.max)
  add('W6', kase, 'polls done %', 'tanstack', p.rate)
}
save()
process.exit(0)
