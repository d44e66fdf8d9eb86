// The views: all sweeps, one sweep, its workers.
import {h, fill, refill, confirmed, announce, eachFrame} from './dom.js'
import {sig, range as rangeText, count, seconds, bytes, percent, moment} from './format.js'
import {STATES} from './color.js'
import {ask, sweepPath, SweepStore, Selection, Stream, address} from './store.js'
import {curvesPanel, incumbentPanel} from './curves.js'
import {parallelPanel, slicesPanel} from './parameters.js'
import {importancePanel} from './importance.js'
import {rankingPanel, stateDot} from './ranking.js'
import {frontsPanel} from './fronts.js'
import {rungsPanel} from './rungs.js'
import {timelinePanel} from './timeline.js'
import {trialView, compareView} from './trial.js'
import {findingName, findingDot} from './coloring.js'
import {dataView} from './data.js'
import {findingsView, armsPanel} from './diagnosis.js'
import {contourPanel} from './contour.js'
import {lineagePanel} from './lineage.js'
import {notice} from './notice.js'

export const sweepLink = (name, rest = [], query = '') => '#/' + ['sweeps', name, ...rest].map(encodeURIComponent).join('/') + (query && '?' + query)

export const facts = entries => h('dl', {class: 'facts'}, entries.filter(Boolean).map(([name, value, more]) => h('div', {}, h('dt', {}, name), h('dd', {}, value, more ? h('small', {}, ' ', more) : null))))

const ORDER = ['completed', 'running', 'paused', 'waiting', 'pruned', 'failed']
const ended = trials => trials.completed + trials.pruned + trials.failed
const total = trials => ORDER.reduce((sum, state) => sum + trials[state], 0)

function progressBar(status) {
  const planned = status.trials_planned ?? total(status.trials), all = Math.max(1, planned)
  return h('div', {class: 'progress', role: 'progressbar', 'aria-label': 'Trials that have ended', 'aria-valuemin': 0, 'aria-valuemax': planned, 'aria-valuenow': ended(status.trials)},
    ['completed', 'pruned', 'failed', 'running', 'paused'].map(state => h('i', {style: {width: 100 * status.trials[state] / all + '%', background: STATES[state]}})))
}

const failure = error => h('div', {class: 'error', role: 'alert'}, error.message)

/** All sweeps. */
export function listView(context) {
  const body = h('div', {}, h('p', {class: 'empty'}, 'Looking …'))
  const node = h('div', {}, h('h1', {}, 'Sweeps'), body)
  const show = ({sweeps}) => {
    if (!sweeps.length) { fill(body, h('p', {class: 'empty'}, 'No sweep yet. Hand one in with ', h('code', {class: 'mono'}, 'sweepd submit FILE'), '.')); return }
    refill(body, h('div', {class: 'wide panel', tabindex: 0, role: 'region', 'aria-label': 'Sweeps'}, h('table', {},
      h('thead', {}, h('tr', {}, [['sweep'], ['state'], ['progress'], ['ended', 1], ['trials', 1], ['epochs', 1], ['objective'], ['best', 1], ['trial', 1]].map(([name, numeric]) => h('th', {scope: 'col', class: numeric ? 'num' : null}, name)))),
      h('tbody', {}, [...sweeps].reverse().map(sweep => h('tr', {},
        h('td', {}, h('a', {href: sweepLink(sweep.sweep), 'data-key': sweep.sweep}, h('b', {}, sweep.sweep))), h('td', {}, sweep.state),
        h('td', {}, h('div', {style: {width: '140px'}}, fitted(progressBar(sweep)))),
        h('td', {class: 'num'}, count(ended(sweep.trials))), h('td', {class: 'num'}, count(sweep.trials_planned ?? total(sweep.trials))), h('td', {class: 'num'}, count(sweep.epochs)),
        h('td', {}, (sweep.objectives ?? [sweep.objective]).map(one => `${one.direction} ${one.metric}`).join(', ')), h('td', {class: 'num', title: sweep.objectives ? `by ${sweep.objective.metric} alone` : null}, sweep.best ? sig(sweep.best.objective) : ''),
        h('td', {class: 'num'}, sweep.best ? h('a', {href: sweepLink(sweep.sweep, ['trials', sweep.best.trial])}, sweep.best.trial) : '')))))))
  }
  context.own(new Stream('/events', 'coordinator', show, context.connection))
  return {node}
}
const fitted = bar => { bar.style.setProperty('margin-top', '6px'); return bar }

/** All workers. */
export function workersView(context) {
  const body = h('div', {}, h('p', {class: 'empty'}, 'Looking …'))
  const summary = h('span', {class: 'soft'})
  const show = ({workers, turned_away: away = []}) => {
    const strangers = away.map(worker => h('p', {class: 'bad wrap'}, h('b', {}, worker.id), ` on ${worker.host} was turned away ${seconds(worker.last_seen_s)} ago: ${worker.because}`))
    const here = workers.filter(worker => worker.state !== 'lost'), slots = here.reduce((sum, worker) => sum + worker.slots, 0), busy = here.reduce((sum, worker) => sum + worker.busy, 0)
    fill(summary, `${here.length} connected, ${busy} of ${slots} slots train (${percent(busy, slots)})`)
    if (!workers.length) { fill(body, h('p', {class: 'empty'}, 'No worker has joined. Start one with ', h('code', {class: 'mono'}, 'sweepd worker --connect …'), '; the coordinator printed the line.'), strangers); return }
    refill(body, h('div', {class: 'wide panel', tabindex: 0, role: 'region', 'aria-label': 'Workers'}, h('table', {},
      h('thead', {}, h('tr', {}, [['worker'], ['state'], ['load'], ['busy', 1], ['slots', 1], ['last heard', 1], ['host'], ['kernels'], ['trials'], ['why idle, what is stuck']].map(([name, numeric]) => h('th', {scope: 'col', class: numeric ? 'num' : null}, name)))),
      h('tbody', {}, workers.map(worker => h('tr', {},
        h('td', {}, h('b', {}, worker.id), Object.entries(worker.labels).map(([key, value]) => h('span', {class: 'soft small'}, ` ${key}=${value}`))),
        h('td', {class: worker.state === 'lost' ? 'bad' : null}, worker.state),
        h('td', {}, h('span', {class: 'bar', role: 'img', 'aria-label': `${worker.busy} of ${worker.slots} slots train`}, h('i', {style: {width: worker.slots ? 100 * worker.busy / worker.slots + '%' : 0}}))),
        h('td', {class: 'num'}, worker.busy), h('td', {class: 'num'}, worker.slots), h('td', {class: 'num'}, worker.last_seen_s < 1 ? 'now' : seconds(worker.last_seen_s) + ' ago'),
        h('td', {}, worker.host, worker.pid ? h('span', {class: 'soft small'}, ` pid ${worker.pid}`) : null),
        h('td', {}, worker.kernels, worker.pace && worker.pace !== 1 ? h('span', {class: 'soft small', title: 'how fast it trains beside the mean'}, ` ${Number(worker.pace.toPrecision(2))}×`) : null),
        h('td', {class: 'wrap'}, worker.trials.map((trial, index) => [index ? ', ' : '', h('a', {href: sweepLink(trial.sweep, ['trials', trial.trial])}, trial.trial), h('span', {class: 'soft small'}, trial.begun ? ` ${trial.epoch}/${trial.to}` : ' waits')])),
        h('td', {class: 'wrap'}, worker.stuck ? h('span', {class: 'bad'}, worker.stuck) : worker.idle_because ?? '')))))), strangers)
  }
  context.own(new Stream('/events', 'coordinator', show, context.connection))
  return {node: h('div', {}, h('div', {class: 'row spread'}, h('h1', {}, 'Workers'), summary), body)}
}

const TABS = [['', 'Overview'], ['ranking', 'Ranking'], ['parameters', 'Parameters'], ['findings', 'Findings'], ['timeline', 'Timeline'], ['data', 'Data'], ['compare', 'Compare'], ['file', 'Sweep file']]

/** One sweep. */
export function sweepView(context, name) {
  const node = h('div', {}, h('p', {class: 'empty'}, 'Looking …'))
  const view = {node, route: () => {}}
  const store = new SweepStore(name, context.connection)
  context.own({end: () => store.close()})
  const first = address.read()
  store.open(first.query.get('m') ?? 'validation.loss').then(() => start(), error => { if (!context.refused(error)) fill(node, failure(error)) })

  const start = () => {
    const head = h('div'), tabs = h('nav', {class: 'tabs', 'aria-label': 'Views of the sweep'}), filters = h('div', {class: 'row filters'}), content = h('div'), pins = h('div')
    fill(node, head, tabs, filters, content, pins)
    let current = null, panels = [], selection, timelineAt = 0, timelineBusy = false, timelineLater = null
    context.own({end: () => { clearTimeout(timelineLater); panels = [] }})

    /** At most every two seconds, but never not at all: what comes too soon is made up for, as nothing else may come. */
    const refreshTimeline = async force => {
      if (!panels.some(panel => panel.wantsTimeline)) return
      const age = performance.now() - timelineAt, later = wait => { timelineLater ??= setTimeout(() => { timelineLater = null; refreshTimeline() }, wait) }
      if (timelineBusy || !force && age < 2000) return later(Math.max(500, 2000 - age))
      timelineBusy = true
      let timeline = null
      try { timeline = await ask(sweepPath(name) + '/timeline') } catch { /* the stream tells of a lost connection; it is asked again */ }
      timelineBusy = false
      if (!timeline) return later(2000)
      timelineAt = performance.now()
      for (const panel of panels) if (panel.wantsTimeline) panel.update(timeline)
    }
    const show = () => {
      const {path, query} = address.read()
      const word = path[2] === 'trials' ? 'trials/' + path[3] : path[2] ?? ''
      if (!selection) selection = new Selection(query, store, key => { if (key === 'view') { const to = selection.get('view'); selection.query.delete('view'); address.write(['sweeps', name, to].filter(Boolean), selection.query); return } address.write(address.read().path, selection.query, true); render(key) })
      else { selection.query = query }
      if (current !== word) {
        current = word
        const timelined = panel => Object.assign(panel, {wantsTimeline: true}), ranked = panel => Object.assign(panel, {wantsRank: true})
        const fronts = () => store.definition.objectives ? [ranked(frontsPanel(store, selection))] : []
        const make = {
          '': () => [curvesPanel(store, selection), h('div', {class: 'two'}), timelined(incumbentPanel(store, selection)), rungsPanel(store, selection), ...fronts(), lineagePanel(store, selection), armsPanel(store), ranked(rankingPanel(store, selection, {top: 10}))].filter(Boolean),
          ranking: () => [...fronts(), ranked(rankingPanel(store, selection))],
          parameters: () => [parallelPanel(store, selection), slicesPanel(store, selection), contourPanel(store, selection), importancePanel(store)],
          timeline: () => [timelined(timelinePanel(store, selection)), lineagePanel(store, selection)],
          findings: () => [findingsView(store, selection)],
          data: () => [dataView(store)],
          compare: () => [ranked(compareView(store, selection))],
          file: () => [filePanel()],
        }
        const made = path[2] === 'trials' ? [ranked(trialView(store, selection, Number(path[3]), context))] : (make[word] ?? make[''])()
        panels = made.filter(panel => panel.update)
        if (word === '') { const pair = made[1]; pair.append(made[2].node, made[3].node); fill(content, made[0].node, pair, made.slice(4).map(panel => panel.node)) } else fill(content, made.map(panel => panel.node))
        document.title = `${name} · sweepd`
        refreshTimeline(true)
        scrollTo(0, 0)
      }
      render('all')
    }
    const render = what => {
      renderTabs(); renderFilters(); renderHead(); renderPins()
      if (what !== 'head') for (const panel of panels) panel.update()
    }
    let pace = 0, later = null
    /** Everything anew, at most half of the time. */
    const renderSoon = () => {
      later ??= setTimeout(() => { later = null; const begun = performance.now(); render('all'); pace = performance.now() - begun }, Math.max(16, pace))
    }
    const renderRank = eachFrame(() => { renderTabs(); for (const panel of panels) if (panel.wantsRank) panel.update() })
    const renderTabs = () => {
      const keep = selection.query.toString(), {path} = address.read()
      refill(tabs, TABS.map(([word, title]) => h('a', {href: sweepLink(name, [word].filter(Boolean), keep), 'data-key': 'tab' + word, 'aria-current': (path[2] ?? '') === word ? 'page' : null}, title, word === 'compare' && selection.pins.length ? ` (${selection.pins.length})` : '')))
    }
    const renderFilters = () => {
      const trials = [...store.trials.values()], states = ORDER.filter(state => trials.some(trial => trial.state === state)), findings = [...new Set(trials.map(trial => trial.finding?.id).filter(Boolean))].sort()
      const chip = (key, value, text, dot) => h('button', {class: 'chip', 'aria-pressed': String(selection.list(key).includes(value)), 'data-key': key + value, onclick: () => selection.toggle(key, value)}, dot, text,
        h('b', {}, trials.filter(trial => key === 'state' ? trial.state === value : trial.finding?.id === value).length))
      const shown = trials.filter(selection.filter()).length
      filters.hidden = ['file', 'compare', 'data', 'findings'].includes(current) || current.startsWith('trials/')
      refill(filters, h('span', {class: 'soft small'}, 'Show'), states.map(state => chip('state', state, state, stateDot(state))), findings.map(id => chip('finding', id, findingName(id), findingDot(id))),
        [...selection.ranges].map(([path, range]) => h('button', {class: 'chip', 'aria-pressed': 'true', 'data-key': 'range' + path, title: 'Remove this filter', onclick: () => { selection.set('b:' + path, ''); selection.set('v:' + path, '') }},
          (store.definition.parameters.find(one => one.path === path)?.name ?? path) + ' ' + (range.options ? range.options.map(one => JSON.parse(one)).join(', ') : rangeText(range.low, range.high)), ' ×')),
        h('input', {type: 'search', placeholder: 'trial, value, worker, top5', title: 'For example top5, epochs>3, learning_rate<=0.01; several words hold together', 'aria-label': 'Filter by trial, value, worker, top5 or epochs>3', size: 24, value: selection.get('q'), 'data-key': 'q', oninput: event => selection.set('q', event.target.value)}),
        selection.isFiltering ? [h('span', {class: 'small'}, `${count(shown)} of ${count(trials.length)} trials`), h('button', {class: 'plain', 'data-key': 'clear', onclick: () => selection.clear()}, 'Clear')] : null)
    }
    const renderHead = () => {
      const status = store.status
      if (!status) { fill(head, h('h1', {}, name)); return }
      const objective = store.definition.objective, steer = (word, title, text, dangerous) => h('button', {class: dangerous ? 'danger' : null, 'data-key': word, onclick: async () => {
        if (!await confirmed(title, text, title, dangerous)) return
        try { store.status = await ask(`${sweepPath(name)}/${word}`, {method: 'POST'}); announce(`${name} is ${store.status.state}`); render('head') } catch (error) { context.refused(error) || head.append(failure(error)) }
      }}, title)
      const file = (path, text, title) => h('a', {class: 'small', href: `/api/v1${sweepPath(name)}/${path}`, download: true, title, 'data-key': path}, text)
      const over = ['finished', 'cancelled'].includes(status.state), may = context.role === 'steer' && !over
      const workers = status.workers.filter(worker => worker.slots > 0), busy = workers.reduce((sum, worker) => sum + worker.busy, 0)
      if (current.startsWith('trials/')) { fill(head); return }
      refill(head, h('div', {class: 'row'}, h('h1', {class: 'grow'}, name, ' ', h('span', {class: 'soft', style: {'font-weight': 400, 'font-size': '15px'}}, status.state)),
        file('report', 'Download report', 'One file with ranking, curves, parameters and findings, that needs nothing else'), file('export?format=csv', 'CSV', 'Every trial and epoch as a table'), file('export?format=tensorboard', 'TensorBoard', 'Event files of all trials in one tar archive, with the table of the plugin HParams'),
        may && (status.state === 'running' ? steer('pause', 'Pause', 'No more work is handed out; what trains may end its segment. It can be resumed at any time.') : steer('resume', 'Resume', 'Work is handed out again.')),
        may && steer('cancel', 'Cancel', `Trials of ${name} that have not ended are pruned. This cannot be taken back; what was trained stays.`, true)),
      status.reason && h('div', {class: 'error'}, status.reason),
      notice(status) && h('p', {class: 'soft'}, notice(status)),
      progressBar(status),
      facts([['Trials', `${count(ended(status.trials))} / ${count(status.trials_planned ?? total(status.trials))}`, 'ended'],
        [`Best ${objective.metric}`, status.best ? h('a', {href: sweepLink(name, ['trials', status.best.trial])}, sig(status.best.objective)) : '–', status.best && `trial ${status.best.trial}, epoch ${status.best.epoch}`],
        status.objectives ? ['Front', status.front ? `${count(status.front.members)} / ${count(status.front.of)}` : '–', status.front ? `completed; hypervolume ${sig(status.front.hypervolume, 3)}` : 'nothing is complete'] : null,
        over ? null : ['Time left', status.state === 'running' ? seconds(status.seconds_left) : '–', status.may_end_sooner ? 'at most' : 'estimated'], status.enqueued ? ['Enqueued', count(status.enqueued), over ? 'not tried' : 'come next'] : null, ['Epochs', count(status.epochs), status.epochs_per_second ? `${sig(status.epochs_per_second, 3)} a second` : null],
        ['Workers', over ? `${workers.length}` : `${busy} / ${workers.reduce((sum, worker) => sum + worker.slots, 0)}`, over ? null : `slots busy, ${workers.length} worker${workers.length === 1 ? '' : 's'}`],
        status.storage ? ['On disk', bytes(status.storage.journal_bytes + status.storage.object_bytes)] : null]))
    }
    const renderPins = () => {
      const chosen = selection.pins
      if (!chosen.length || current === 'compare') { fill(pins); return }
      refill(pins, h('div', {class: 'pins row'}, h('span', {}, chosen.length === 1 ? `Trial ${chosen[0]} is pinned` : `${chosen.length} trials are pinned`), chosen.slice(0, 12).map(number => h('a', {href: sweepLink(name, ['trials', number]), 'data-key': 'pin' + number}, number)),
        h('span', {class: 'grow'}), h('a', {href: sweepLink(name, ['compare'], selection.query.toString()), 'data-key': 'compare'}, 'Compare'), h('button', {class: 'plain', 'data-key': 'unpin', onclick: () => selection.set('pin', '')}, 'Unpin all')))
    }
    const filePanel = () => {
      const definition = store.definition
      return {node: h('section', {class: 'panel', 'aria-label': 'Sweep file'}, h('header', {}, h('h2', {}, definition.file_name || 'Sweep file'), h('span', {class: 'soft small'}, `handed in ${moment(definition.submitted_ms)}, seed ${definition.seed}`)),
        definition.text ? h('pre', {tabindex: 0}, definition.text) : h('p', {class: 'soft'}, 'It was handed in without its text.'))}
    }
    store.onChange(what => { if (what === 'status') render('head'); else if (what === 'rank') renderRank(); else { renderSoon(); refreshTimeline() } })
    view.route = show
    show()
  }
  return view
}
