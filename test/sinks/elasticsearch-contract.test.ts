import { describeSinkContract } from '../contract/sink.ts'
import { createFakeBulk, sinkOn } from '../helpers/fake-bulk.ts'

for (const distribution of [undefined, 'opensearch'] as const) {
  describeSinkContract(
    `elasticsearch (${distribution ?? 'elasticsearch'})`,
    { ordered: false, once: true },
    async () => {
      const fake = await createFakeBulk({ ...(distribution && { distribution }) })
      const make = () => sinkOn(fake, { gzip: distribution !== undefined })
      return {
        sink: make(),
        delivered: async () => [...fake.stored.values()].flatMap(documents => [...documents.values()]),
        restarted: make,
        breakDown: fake.stop,
        repair: fake.start,
        cleanUp: () => fake.stop().catch(() => {}),
      }
    },
  )
}
