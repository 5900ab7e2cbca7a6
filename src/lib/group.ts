/**
 * Work that costs the same for one as for many, such as the fsync of a folder: jobs that come while a group is at work wait and
 * form the next group. So a job is never part of a group that began before the job came.
 *
 * @param work does all jobs of a group and answers with one result each, in their order; when it throws, each of them has failed
 */
export function createGroup<Job, Result>(
  work: (jobs: readonly Job[]) => Promise<readonly Result[]>,
): (job: Job) => Promise<Result> {
  let waiting: { job: Job; outcome: PromiseWithResolvers<Result> }[] = []
  let busy = false

  const run = async () => {
    busy = true
    while (waiting.length > 0) {
      const group = waiting
      waiting = []
      try {
        const results = await work(group.map(({ job }) => job))
        group.forEach(({ outcome }, index) => {
          outcome.resolve(results[index]!)
        })
      } catch (error) {
        for (const { outcome } of group) outcome.reject(error)
      }
    }
    busy = false
  }

  return job => {
    const outcome = Promise.withResolvers<Result>()
    waiting.push({ job, outcome })
    if (!busy) void run()
    return outcome.promise
  }
}
