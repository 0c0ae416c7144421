import { readFileSync } from 'node:fs'
import { replaceEqualDeep } from '@tanstack/query-core'
import { add, save, timed, ROUNDS, pick } from './common.mjs'

const same = readFileSync(process.env.ORDERS_SAME, 'utf8')
const changed = readFileSync(process.env.ORDERS_CHANGED, 'utf8')
const reps = pick(10, 10, 30)
const check = (prev, kept, ch) => {
  if ((kept === prev) === ch) throw new Error('identity')
  for (let i = 0; i < 1000; i++) if ((kept[i] === prev[i]) === (ch && i === 500)) throw new Error('element ' + i)
}
for (let r = -1; r < ROUNDS; r++) {
  for (const [name, body, ch] of [['identical', same, false], ['one changed', changed, true]]) {
    let d = 0
    let raw = 0
    for (let i = 0; i < reps; i++) {
      const prev = JSON.parse(same)
      const next = JSON.parse(body)
      let kept, k2
      d += (await timed(() => { kept = replaceEqualDeep(prev, next) }))[1]
      check(prev, kept, ch)
      raw += (await timed(() => { k2 = replaceEqualDeep(prev, JSON.parse(body)) }))[1]
      check(prev, k2, ch)
    }
    if (r < 0) continue
    add('W9', `decoded/${name}`, 'cpu us', 'tanstack', d / 1e3 / reps)
    add('W9', `raw/${name}`, 'cpu us', 'tanstack', raw / 1e3 / reps)
  }
}
save()
process.exit(0)
