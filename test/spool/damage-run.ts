import { cpSync, rmSync } from 'node:fs'
import { createPool } from '../../src/delivery/pool.ts'
import { createTestLog, workerSettings } from '../delivery/harness.ts'
import { allDamages, type Damage, plantings, serveDamaged } from './damage-cases.ts'
import { faultsOf } from './damage-judge.ts'
import { serve } from './damage-kit.ts'
import { makeTemplate } from './damage-template.ts'

export interface DamageRun {
  readonly cases: number
  /** What was wrong, by the damage. */
  readonly faults: readonly string[]
}

export interface DamageOptions {
  /** How the service ended that left the folder. */
  readonly how: 'killed' | 'stopped'
  /** Which of the damages are done. */
  readonly choose: (damages: readonly Damage[]) => readonly Damage[]
  /** Only each so manieth byte. */
  readonly every?: number
}

const AT_ONCE = 4

/** Damages a folder in many ways, each in a copy of its own, and starts on each. */
export async function runDamages({ how, choose, every = 1 }: DamageOptions): Promise<DamageRun> {
  const pool = createPool({ workers: 1, settings: workerSettings(), log: createTestLog().log })
  const template = await makeTemplate(pool, how)
  const copy = `${template}-whole`
  try {
    cpSync(template, copy, { recursive: true })
    const base = await serve(copy, pool)
    const chosen = choose([...(await allDamages(template, every)), ...plantings()])
    const faults: string[] = []
    const queue = chosen.values()
    const work = async () => {
      for (const damage of queue) {
        const found = faultsOf(template, damage, base, await serveDamaged(template, damage, pool))
        if (found.length > 0)
          faults.push(`${damage.path} ${damage.kind} ${damage.position}: ${found.slice(0, 3).join(' ')}`)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    return { cases: chosen.length, faults }
  } finally {
    await pool.close()
    for (const dir of [template, copy]) rmSync(dir, { recursive: true, force: true })
  }
}
