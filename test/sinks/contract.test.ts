import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { createStdoutSink } from '../../src/sinks/stdout.ts'
import { describeSinkContract } from '../contract/sink.ts'
import { createFileRig } from '../helpers/file-sink.ts'

describeSinkContract('file', { ordered: true, once: true }, async () => {
  const rig = createFileRig()
  const aside = `${rig.dir}-aside`
  return {
    sink: rig.make(),
    delivered: async () => rig.lines(),
    restarted: () => rig.make(),
    breakDown: async () => {
      renameSync(rig.dir, aside)
      writeFileSync(rig.dir, 'not a folder')
      chmodSync(rig.dir, 0o600)
    },
    repair: async () => {
      rmSync(rig.dir)
      if (existsSync(aside)) renameSync(aside, rig.dir)
    },
    cleanUp: async () => rig.cleanUp(),
  }
})

describeSinkContract('stdout', { ordered: true, once: false }, async () => {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', chunk => chunks.push(chunk))
  return {
    sink: createStdoutSink({ stream }),
    delivered: async () => Buffer.concat(chunks).toString().split('\n').slice(0, -1),
    restarted: () => createStdoutSink({ stream }),
    breakDown: async () => void stream.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    repair: undefined,
    cleanUp: async () => void stream.destroy(),
  }
})
