// What a sweep that has little to show says of itself, in one sentence.

const isOver = status => ['finished', 'cancelled'].includes(status?.state)
const plural = (number, word) => `${number.toLocaleString()} ${word}${number === 1 ? '' : 's'}`

/** What stands where something is missing: of a sweep that is over nothing comes any more. */
export const awaited = (store, yet, never) => isOver(store.status) ? never : yet

/** The sentence on a sweep by its status document, or null where tables and pictures speak for themselves. */
export function notice(status) {
  const {trials, state} = status, begun = trials.completed + trials.running + trials.paused + trials.pruned + trials.failed
  const ended = trials.completed + trials.pruned + trials.failed, all = status.trials_planned ?? begun + trials.waiting
  if (trials.failed && trials.failed === ended)
    return `${ended === 1 ? 'The trial' : `All ${plural(ended, 'trial')}`} that ended ${ended === 1 ? 'has' : 'have'} failed; the page of a failed trial tells why, with the last lines of its log.`
  if (state === 'cancelled') return status.epochs ? `It was cancelled when ${ended === all ? 'all' : `${ended.toLocaleString()} of ${all.toLocaleString()}`} trials had ended; what was trained stays and is ranked.` : 'It was cancelled before a trial trained an epoch.'
  if (state === 'finished') return status.epochs ? status.best ? null : 'It is over, and no trial came to a number to rank it by.' : 'It is over, and no trial trained an epoch.'
  if (status.epochs) return null
  if (state === 'paused') return 'It is paused, and no trial has trained an epoch yet.'
  if (state === 'running' && !status.workers.some(worker => worker.slots > 0)) return 'Nothing is trained: no worker is connected. The coordinator printed the line that starts one.'
  return state === 'running' ? begun ? 'The first trials train their first epoch; curves and ranking come with it.' : 'No trial has begun yet.' : null
}
