// What the workloads share: rows in the shape that the Go side merges, clocks, keys.
import { writeFileSync } from 'node:fs'

export const ROUNDS = Number(process.env.ROUNDS || 3)
const SIZE = ['quick', 'compare', 'full'].indexOf(process.env.MODE || 'quick')
export const pick = (quick, compare, full) => [quick, compare, full][SIZE]
const rows = new Map()

export function add(workload, kase, metric, contestant, v, exact = false) {
  const k = [workload, kase, metric, contestant].join('|')
  let r = rows.get(k)
  if (!r) rows.set(k, (r = { Workload: workload, Case: kase, Metric: metric, Contestant: contestant, Exact: exact, Rounds: [] }))
  r.Rounds.push(v)
}
export function save() {
  const all = [...rows.values()]
  if (process.env.OUT) writeFileSync(process.env.OUT, JSON.stringify(all))
  else for (const r of all) console.log(r.Workload, r.Case, r.Metric, r.Contestant, r.Rounds.map((x) => +x.toFixed(3)).join(' '))
}
export const now = () => Number(process.hrtime.bigint()) // ns
export const sleep = (ms) => new Promise((r) => setTimeout(r, ms))
export const stringKey = (i) => 'seller/orders' + String(i).padStart(19, '0')
export function heap() {
  for (let i = 0; i < 4; i++) globalThis.gc()
  const m = process.memoryUsage()
  return m.heapUsed + m.external
}
export function cpuMs() {
  const c = process.cpuUsage()
  return (c.user + c.system) / 1000
}
// Runs f and returns [wall ns, CPU ns of the process].
export async function timed(f) {
  const c = process.cpuUsage()
  const t = now()
  await f()
  const w = now() - t
  const d = process.cpuUsage(c)
  return [w, (d.user + d.system) * 1000]
}
// A small generator, so that runs are repeatable.
export function rng(seed) {
  let s = seed >>> 0
  return () => {
    s = (s + 0x6d2b79f5) >>> 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
// Draws as in W1: uniform, or zipf (s=1.1, v=1) by inverse CDF over permuted ranks.
export function indexes(n, dist) {
  const r = rng(42)
  const out = new Uint32Array(1 << 18)
  if (dist === 'uniform') {
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(r() * n)
    return out
  }
  const perm = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(r() * (i + 1))
    const t = perm[i]
    perm[i] = perm[j]
    perm[j] = t
  }
  const cdf = new Float64Array(n)
  let sum = 0
  for (let i = 0; i < n; i++) cdf[i] = sum += Math.pow(1 + i, -1.1)
  for (let i = 0; i < out.length; i++) {
    const x = r() * sum
    let lo = 0,
      hi = n - 1
    while (lo < hi) {
      const m = (lo + hi) >> 1
      if (cdf[m] < x) lo = m + 1
      else hi = m
    }
    out[i] = perm[lo]
  }
  return out
}
export class Hist {
  constructor() {
    this.v = []
    this.max = 0
  }
  add(x) {
    this.v.push(x)
    if (x > this.max) this.max = x
  }
  q(p) {
    if (!this.sorted) this.sorted = Float64Array.from(this.v).sort()
    return this.sorted.length ? this.sorted[Math.min(this.sorted.length - 1, Math.floor(p * this.sorted.length))] : 0
  }
}
