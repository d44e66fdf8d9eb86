// At which epochs trials were compared, how many came there, and how many went on.
import {h, fill} from './dom.js'
import {sig, percent} from './format.js'
import {STATES} from './color.js'
import {awaited} from './notice.js'

export function rungsPanel(store, selection) {
  const body = h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Rungs'})
  const update = () => {
    // What they are compared by there is the value at that epoch, not the best that came of them.
    const metric = store.definition.objective.metric
    const best = values => values.filter(Number.isFinite).reduce((one, value) => one == null || store.direction * (value - one) < 0 ? value : one, null)
    if (!store.loaded.has(metric)) store.need(metric).catch(() => {})
    const levels = store.definition.levels, trials = [...store.trials.values()], pass = selection.filter()
    const rows = levels.map((level, index) => {
      const next = levels[index + 1], here = trials.filter(trial => pass(trial) && trial.rung >= level)
      const promoted = next == null ? [] : here.filter(trial => trial.rung >= next || (trial.goal ?? 0) > level || trial.epochs > level)
      const rest = here.filter(trial => !promoted.includes(trial))
      return {level, here: here.length, promoted: promoted.length, waiting: rest.filter(trial => trial.state === 'paused').length,
        ended: rest.filter(trial => ['pruned', 'failed'].includes(trial.state)).length, completed: rest.filter(trial => trial.state === 'completed').length,
        best: best(here.map(trial => trial.curves[metric]?.[level - 1])), last: next == null}
    })
    const most = Math.max(1, trials.filter(pass).length)
    const bar = row => h('span', {class: 'bar', style: {width: '60px', display: 'inline-flex'}, 'aria-hidden': 'true'},
      [['promoted', '#0072b2'], ['completed', STATES.completed], ['waiting', STATES.paused], ['ended', STATES.pruned]].map(([key, color]) => h('i', {style: {width: 100 * row[key] / most + '%', background: color}})))
    if (!store.trials.size) { fill(body, h('p', {class: 'empty'}, awaited(store, 'No trial has come to a rung yet.', 'No trial came to a rung.'))); return }
    fill(body, h('table', {}, h('thead', {}, h('tr', {}, ['epoch', 'reached', h('span', {class: 'hidden'}, 'picture'), 'went on', 'wait', 'ended here', 'best there'].map((name, index) => h('th', {scope: 'col', class: index === 2 ? null : 'num'}, name)))),
      h('tbody', {}, rows.map(row => h('tr', {}, h('td', {class: 'num'}, row.level), h('td', {class: 'num'}, row.here), h('td', {}, bar(row)),
        h('td', {class: 'num'}, row.last ? `${row.completed} completed` : `${row.promoted} (${percent(row.promoted, row.here)})`), h('td', {class: 'num'}, row.waiting), h('td', {class: 'num'}, row.ended),
        h('td', {class: 'num'}, row.best == null ? '' : sig(row.best)))))),
      h('div', {class: 'legend'}, [['went on', '#0072b2'], ['completed', STATES.completed], ['waiting for a promotion', STATES.paused], ['ended here', STATES.pruned]].map(([name, color]) => h('span', {}, h('i', {class: 'dot', style: {background: color}}), name))))
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Rungs and promotions'}, h('header', {}, h('h2', {}, 'Rungs and promotions')), body)}
}
