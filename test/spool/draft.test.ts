import { mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { realFiles } from '../../src/lib/files.ts'
import { createAdmission } from '../../src/spool/admission.ts'
import { createDraft } from '../../src/spool/draft.ts'
import { createDuplicates } from '../../src/spool/duplicates.ts'
import { afterwards, createLog, temporaryFolder } from './kit.ts'

test.skipIf(process.platform !== 'linux')(
  'a batch that is discarded while the disk is asked for its free space leaves nothing behind',
  async () => {
    const folder = await temporaryFolder()
    const incoming = join(folder, 'incoming')
    await mkdir(incoming)
    const disk = join(folder, 'disk')
    // A file system without free blocks, so that the next bytes ask again.
    await symlink('/proc', disk)
    const maxBytes = 300_000
    const admission = createAdmission({
      maxBytes,
      minFreeBytes: 1,
      folder: disk,
      probe: async () => {},
      makeRoom: async () => false,
      log: createLog(),
    })
    afterwards(async () => admission.close())
    await admission.check()
    admission.close()
    await rm(disk)
    await symlink(folder, disk)
    await pause(1000)

    const draft = createDraft({
      files: realFiles,
      path: join(incoming, 'part'),
      admission,
      duplicates: createDuplicates(0, Date.now),
      store: () => Promise.reject(new Error('nothing is committed here')),
      check() {},
      abandon: path => rm(path),
      finished() {},
    })
    const write = expect(draft.write(new Uint8Array(maxBytes))).rejects.toMatchObject({ reason: 'shutting down' })
    await draft.discard()
    await write
    expect(await readdir(incoming)).toEqual([])
    await admission.take(maxBytes)
  },
)
