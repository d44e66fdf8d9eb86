// The ranked table: one row a configuration, sorted as asked, a page at a time.
import {h, fill, refill} from './dom.js'
import {sig, range, label, seconds, count} from './format.js'
import {extent} from './scale.js'
import {STATES} from './color.js'
import {findingName, findingDot} from './coloring.js'
import {stateText} from './curves.js'
import {sweepLink} from './views.js'
import {awaited} from './notice.js'

const PAGE = 100

export const stateDot = state => h('i', {class: 'dot', style: {background: STATES[state] ?? '#888'}, 'aria-hidden': 'true'})

/** The objective with its interval, drawn on the columns' common scale. */
function interval(row, [low, high]) {
  if (row.objective == null || !(high > low)) return null
  const at = value => Math.max(0, Math.min(100, (value - low) / (high - low) * 100))
  const bar = h('span', {class: 'bar', style: {position: 'relative', width: '90px', overflow: 'visible'}, 'aria-hidden': 'true'})
  if (row.interval) bar.append(h('i', {style: {position: 'absolute', left: at(row.interval[0]) + '%', width: Math.max(1, at(row.interval[1]) - at(row.interval[0])) + '%', top: '3px', height: '4px', opacity: .45}}))
  bar.append(h('i', {style: {position: 'absolute', left: `calc(${at(row.objective)}% - 3px)`, width: '6px', height: '10px', 'border-radius': '2px'}}))
  return bar
}

/** Row numbers as people write them: `2, 3, 5`, and how many more. */
const few = list => list.length > 4 ? list.slice(0, 3).join(', ') + ` +${list.length - 3}` : list.join(', ')

export function rankingPanel(store, selection, {top = null} = {}) {
  const body = h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Ranked configurations'}), foot = h('div', {class: 'row small soft'}), summary = h('span', {class: 'soft small'})
  const metric = store.definition.objective.metric, further = (store.definition.objectives ?? []).slice(1).map(one => one.metric)
  const update = () => {
    if (!store.rank) { fill(body, h('p', {class: 'empty'}, awaited(store, 'The table comes with the first epoch.', 'No trial trained an epoch, so that there is nothing to rank.'))); return }
    const pass = selection.filter(), pins = new Set(selection.pins)
    let rows = store.rank.rows.filter(row => row.runs.some(run => { const trial = store.trials.get(run.trial); return trial && pass(trial) }))
    const all = rows.length
    if (!all) { fill(summary); fill(foot); fill(body, h('p', {class: 'empty'}, store.rank.rows.length ? 'No configuration passes the filters.' : awaited(store, 'The table comes with the first trial.', 'No trial was begun, so that there is nothing to rank.'))); return }
    const parameters = store.definition.parameters
    const others = [...new Set(rows.flatMap(row => Object.keys(row.metrics)))].filter(one => one !== metric && !further.includes(one) && /^validation\.(accuracy|loss|r2|f1)$|^training\.loss$/.test(one)).slice(0, top ? 1 : 3)
    const tests = top ? [] : ['test.loss', 'test.accuracy', 'test.r2'].filter(one => rows.some(row => row.final && one in row.metrics))
    const columns = [
      {key: 'place', name: '#', numeric: true, value: row => row.place, show: row => row.place},
      further.length ? {key: 'front', name: 'front', numeric: true, value: row => row.front, show: row => row.front === 1 ? h('span', {title: 'on the first front: no other configuration is as good in every objective and better in one'}, '1 ★') : row.front ?? ''} : null,
      {key: 'trial', name: 'trial', numeric: true, value: row => row.trial, show: row => h('a', {href: sweepLink(store.name, ['trials', row.trial]), 'data-key': 't' + row.trial}, row.trial)},
      {key: 'objective', name: metric, numeric: true, value: row => row.objective, show: row => sig(row.objective)},
      ...further.map(one => ({key: 'o:' + one, name: one, numeric: true, value: row => row.values[one], show: row => sig(row.values[one])})),
      {key: 'interval', name: '95 % interval', value: row => row.interval ? row.interval[1] - row.interval[0] : null, show: row => row.interval ? range(...row.interval) : ''},
      top ? null : {key: 'bar', name: h('span', {class: 'hidden'}, 'picture of the interval'), plain: true, show: row => interval(row, shownEnds)},
      {key: 'ties', name: 'tied with', value: row => row.tied_with.length, show: row => row.tied_with.length ? h('span', {title: 'places ' + row.tied_with.join(', ')}, few(row.tied_with)) : ''},
      {key: 'chance', name: 'best?', numeric: true, value: row => row.final?.chance_of_best ?? null, show: row => row.final?.chance_of_best == null ? '' : h('span', {title: `${row.final.runs} runs with new seeds; the probability that its mean is the best of the finalists'`}, `${Math.round(100 * row.final.chance_of_best)} %`)},
      {key: 'searched', name: 'in search', numeric: true, value: row => row.final?.search_objective ?? null, show: row => row.final ? sig(row.final.search_objective) : ''},
      ...others.map(one => ({key: one, name: one, numeric: true, value: row => row.metrics[one], show: row => sig(row.metrics[one])})),
      ...tests.map(one => ({key: one, name: one, numeric: true, value: row => row.final ? row.metrics[one] : null, show: row => row.final ? h('span', {title: 'mean over its runs with new seeds; shown of finalists alone, so that nothing is chosen by it'}, sig(row.metrics[one])) : ''})),
      {key: 'state', name: 'state', value: row => row.state, show: row => [stateDot(row.state), ' ', stateText(row)]},
      {key: 'epochs', name: 'epochs', numeric: true, value: row => row.epochs, show: row => row.epochs},
      {key: 'finding', name: 'finding', value: row => row.finding, show: row => row.symptom ? h('span', {title: row.symptom.evidence}, findingDot(row.symptom.id), ' ', findingName(row.symptom.id)) : ''},
      ...parameters.map(parameter => ({key: 'p:' + parameter.path, name: parameter.name, numeric: parameter.kind !== 'choice', value: row => row.configuration[parameter.path], show: row => label(row.configuration[parameter.path])})),
      top ? null : {key: 'attempts', name: 'attempts', numeric: true, value: row => row.attempts, show: row => row.attempts},
      top ? null : {key: 'time', name: 'core time', numeric: true, value: row => row.core_seconds, show: row => seconds(row.core_seconds)},
    ].filter(column => column && (!['interval', 'bar', 'ties', 'chance', 'searched', 'finding', 'attempts'].includes(column.key) || rows.some(row => ({interval: row.interval, bar: row.interval, ties: row.tied_with.length, chance: row.final, searched: row.final, finding: row.symptom, attempts: row.attempts > 1})[column.key])))
    const [key, direction] = (selection.get('sort') || 'place').split('.').length > 1 && selection.get('sort').endsWith('.d') ? [selection.get('sort').slice(0, -2), -1] : [selection.get('sort') || 'place', 1]
    const by = columns.find(column => column.key === key && column.value)
    if (by && !top && (key !== 'place' || direction < 0)) rows = [...rows].sort((one, other) => {
      const a = by.value(one), b = by.value(other)
      if (a == null || b == null) return (a == null) - (b == null) || one.place - other.place
      return (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))) * direction || one.place - other.place
    })
    const page = Math.max(0, Math.min(Math.ceil(all / PAGE) - 1, (Number(selection.get('page')) || 1) - 1))
    rows = top ? rows.slice(0, top) : rows.slice(page * PAGE, (page + 1) * PAGE)
    var shownEnds = extent(rows.flatMap(row => row.interval ?? [row.objective]))
    const head = column => {
      if (column.plain || top) return h('th', {scope: 'col', class: column.numeric ? 'num' : null}, column.name)
      const sorted = column.key === key
      return h('th', {scope: 'col', class: column.numeric ? 'num' : null, 'aria-sort': sorted ? direction > 0 ? 'ascending' : 'descending' : null},
        h('button', {'data-key': 's' + column.key, onclick: () => selection.set('sort', sorted && direction > 0 ? column.key + '.d' : column.key === 'place' ? '' : column.key)}, column.name, sorted ? h('span', {'aria-hidden': 'true'}, direction > 0 ? ' ▲' : ' ▼') : ''))
    }
    const left = body.scrollLeft
    refill(body, h('table', {},
      h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, h('span', {class: 'hidden'}, 'compare')), columns.map(head))),
      h('tbody', {}, rows.map(row => h('tr', {class: pins.has(row.trial) ? 'pinned' : null},
        h('td', {}, h('input', {type: 'checkbox', checked: pins.has(row.trial), 'data-key': 'c' + row.trial, 'aria-label': `Compare trial ${row.trial}`, onchange: () => selection.toggle('pin', row.trial)})),
        columns.map(column => h('td', {class: column.numeric ? 'num' : null}, column.show(row))))))))
    body.scrollLeft = left
    fill(summary, `${count(all)} of ${count(store.rank.configurations)} configurations`)
    if (top) fill(foot, all > top ? h('a', {href: '#', onclick: event => { event.preventDefault(); selection.set('view', 'ranking') }}, `All ${count(all)}`) : '')
    else if (all > PAGE) refill(foot, h('button', {disabled: page === 0, 'data-key': 'before', onclick: () => selection.set('page', page)}, 'Previous'),
      `${page * PAGE + 1} – ${Math.min(all, (page + 1) * PAGE)} of ${count(all)}`,
      h('button', {disabled: (page + 1) * PAGE >= all, 'data-key': 'after', onclick: () => selection.set('page', page + 2)}, 'Next'))
    else fill(foot)
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Ranking'}, h('header', {}, h('h2', {}, !top ? 'Ranking' : further.length ? 'First front' : 'Best configurations'), summary), body, foot)}
}
