// Learning curves of thousands of trials, and how the best came about.
import {h, fill, refill, dataTable, announce} from './dom.js'
import {sig, label, count, seconds} from './format.js'
import {extent, padded, quantile} from './scale.js'
import {theme, CLASSES} from './color.js'
import {Plot} from './plot.js'
import {coloring, colorChoices, menu, findingName} from './coloring.js'
import {awaited} from './notice.js'

const LOSSES = /loss|penalty|norm|ratio|learning_rate|mae/

/** The panel of curves; `only` shows some trials alone, each in its own colour. */
export function curvesPanel(store, selection, {only = null, title = 'Learning curves', height = 400} = {}) {
  const metrics = store.definition.metrics
  const state = {hovered: null, shown: [], of: () => null, floor: null}
  const metric = () => metrics.includes(selection.get('m')) ? selection.get('m') : store.definition.objective.metric
  const smoothing = () => Math.min(0.97, Math.max(0, Number(selection.get('s', '0')) || 0))
  const yLog = () => (selection.get('ly') || (LOSSES.test(metric()) ? '1' : '0')) === '1'
  const xLog = () => selection.get('lx') === '1'
  const legend = h('div')
  const controls = h('div', {class: 'row'})

  const line = (context, x, y, points) => {
    const end = points.length, counts = index => points[index] != null && !(state.log && points[index] <= 0)
    context.beginPath()
    // A point without neighbours is no line.
    for (let index = 0; index < end; index++) if (counts(index) && !counts(index - 1) && !counts(index + 1)) { context.moveTo(x(index + 1) + 1.6, y(points[index])); context.arc(x(index + 1), y(points[index]), 1.6, 0, 7) }
    // More epochs than pixels: of each pixel's epochs the least and the greatest.
    const each = Math.max(1, Math.floor(end / Math.max(1, 2 * (x(end) - x(1)))))
    let pen = false
    for (let index = 0; index < end; index += each) {
      let value = points[index]
      if (each > 1) {
        let low = Infinity, high = -Infinity
        for (let inner = index; inner < Math.min(end, index + each); inner++) { const one = points[inner]; if (one != null) { if (one < low) low = one; if (one > high) high = one } }
        if (low < high) { context.lineTo(x(index + 1), y(low)); value = high } else value = low < Infinity ? low : null
      }
      if (value == null || state.log && value <= 0) { pen = false; continue }
      pen ? context.lineTo(x(index + 1), y(value)) : context.moveTo(x(index + 1), y(value))
      pen = true
    }
    context.stroke()
  }

  const draw = (context, x, y) => {
    const name = metric(), smooth = smoothing(), pins = new Set(selection.pins), dense = state.shown.length
    context.lineJoin = 'round'
    state.log = y.log
    // Few are drawn firmly, many faintly, so that their density shows.
    const alpha = only ? 1 : dense > 800 ? 0.35 : dense > 150 ? 0.5 : 0.75
    const paint = (trial, color, width, opacity) => {
      context.strokeStyle = color
      context.lineWidth = width
      context.globalAlpha = opacity
      line(context, x, y, store.curve(trial, name, smooth))
    }
    for (const trial of state.shown) if (!pins.has(trial.trial)) paint(trial, state.of(trial), dense > 800 ? 0.8 : 1.1, alpha)
    if (only) for (const [index, trial] of state.shown.entries()) { context.setLineDash(index >= CLASSES.length ? [6, 3] : []); paint(trial, state.of(trial), 2, 1) }
    else for (const trial of state.shown) if (pins.has(trial.trial)) { paint(trial, theme().panel, 5, 1); paint(trial, state.of(trial), 2.4, 1) }
    context.setLineDash([])
    context.globalAlpha = 1
    // Where losses were lost.
    context.strokeStyle = theme().bad
    context.lineWidth = 1.4
    for (const trial of state.shown) {
      const raw = trial.curves[name] ?? [], first = raw.indexOf(null)
      if (first < 0) continue
      const place = x(first + 1), top = y(y.domain[1]) + 7
      context.beginPath(); context.moveTo(place - 3, top - 3); context.lineTo(place + 3, top + 3); context.moveTo(place + 3, top - 3); context.lineTo(place - 3, top + 3); context.stroke()
    }
  }

  const over = (context, x, y) => {
    const trial = state.hovered
    if (!trial) return
    const points = store.curve(trial, metric(), smoothing())
    context.strokeStyle = theme().panel; context.lineWidth = 5
    line(context, x, y, points)
    context.strokeStyle = theme().text; context.lineWidth = 2
    line(context, x, y, points)
    const value = points[state.epoch - 1]
    if (value != null && !(y.log && value <= 0)) { context.fillStyle = theme().text; context.beginPath(); context.arc(x(state.epoch), y(value), 3.5, 0, 7); context.fill() }
  }

  const near = ([left, top], plot) => {
    const [x, y] = plot.scales(), at = x.invert(left), name = metric(), smooth = smoothing()
    let best = null, least = 24
    for (const trial of state.shown) {
      const points = store.curve(trial, name, smooth)
      const low = Math.floor(at), part = at - low
      const one = points[low - 1], other = points[low]
      const value = one == null ? other : other == null ? (part < 0.5 || !points.length ? one : null) : one + (other - one) * part
      if (value == null || y.log && value <= 0) continue
      const distance = Math.abs(y(value) - top)
      if (distance < least) { least = distance; best = trial }
    }
    return best && {trial: best, epoch: Math.max(1, Math.min(store.curve(best, name, smooth).length, Math.round(at)))}
  }

  const hover = (place, self) => {
    const found = place && near(place, self)
    state.hovered = found?.trial ?? null
    state.epoch = found?.epoch
    self.overSoon()
    self.showTip(found && place, found && trialTip(store, found.trial, [[`${metric()} at epoch ${found.epoch}`, sig(found.trial.curves[metric()]?.[found.epoch - 1])]]))
  }

  const key = (event, self) => {
    const order = store.byObjective.filter(trial => state.shown.includes(trial))
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const index = order.indexOf(state.hovered) + (event.key === 'ArrowDown' ? 1 : -1)
      const trial = order[Math.max(0, Math.min(order.length - 1, index))]
      if (!trial) return false
      state.hovered = trial
      state.epoch = trial.epochs
      announce(`Trial ${trial.trial}, ${trial.state}, ${store.definition.objective.metric} ${sig(trial.objective)}, ${trial.epochs} epochs`)
      const [x, y] = self.scales(), value = store.curve(trial, metric(), smoothing()).at(-1)
      self.overSoon()
      self.showTip([x(Math.max(1, trial.epochs)), value == null ? 20 : y(value)], trialTip(store, trial))
      return true
    }
    if (event.key === 'Enter' && state.hovered) { selection.toggle('pin', state.hovered.trial); return true }
    if (event.key === 'Escape') { hover(null, self); return true }
    return false
  }

  const plot = new Plot({name: title, height, draw, over, hover, key,
    pick: (place, event, self) => { const found = near(place, self); if (found) event.ctrlKey || event.metaKey ? (location.hash = `#/sweeps/${encodeURIComponent(store.name)}/trials/${found.trial.trial}`) : selection.toggle('pin', found.trial.trial) }})

  const update = () => {
    const name = metric(), pass = only ? trial => only().includes(trial.trial) : selection.filter()
    if (!store.loaded.has(name)) store.need(name).catch(() => {})
    const all = [...store.trials.values()].filter(trial => pass(trial) && trial.curves[name]?.length)
    const colors = only ? {of: trial => CLASSES[only().indexOf(trial.trial) % CLASSES.length], legend: () => null} : coloring(store, selection.get('c', 'state'), [...store.trials.values()])
    // Running ones and the best last, so that they are seen.
    state.shown = all.sort((one, other) => (one.state === 'running') - (other.state === 'running') || -store.compare(one, other))
    state.of = trial => colors.of(trial) ?? theme().line
    const log = yLog(), ends = [], tops = []
    let longest = 1
    for (const trial of state.shown) {
      const points = trial.curves[name]
      longest = Math.max(longest, points.length)
      const [low, high] = extent(points, log)
      if (low < Infinity) { ends.push(low); tops.push(high) }
    }
    ends.sort((a, b) => a - b); tops.sort((a, b) => a - b)
    // A few that diverge shall not press all others flat: the highest fiftieth may leave the picture.
    const high = tops.length > 20 && !log ? Math.min(tops.at(-1), 3 * quantile(tops, 0.9) - 2 * quantile(ends, 0.5)) : log && tops.length > 20 ? Math.min(tops.at(-1), quantile(tops, 0.95) * 2) : tops.at(-1)
    const last = state.shown.length && state.shown.every(trial => trial.state !== 'running') ? longest : Math.max(longest, Math.min(store.definition.epochs, longest + 1))
    plot.set({x: [1, Math.max(2, last)], y: padded([ends[0], Math.max(high, ends[0])], log, 0.05), xLog: xLog(), yLog: log, xLabel: 'epoch', xWhole: true, yLabel: name})
    plot.label = `${title}: ${name} of ${state.shown.length} trials over ${longest} epochs. Arrow keys up and down go through the trials, Enter pins.`
    fill(legend, state.shown.length ? colors.legend(state.shown) : h('p', {class: 'soft small'}, [...store.trials.values()].some(trial => trial.epochs) ? `No trial that is shown has ${name}.` : awaited(store, 'No trial has trained an epoch yet.', 'No trial trained an epoch.')))
    refill(controls,
      menu('Metric', name, metrics.map(one => [one, one]), value => selection.set('m', value)),
      only ? null : menu('Colour', selection.get('c', 'state'), colorChoices(store), value => selection.set('c', value)),
      h('label', {}, 'Smoothing', h('input', {type: 'range', min: 0, max: 0.95, step: 0.05, value: smoothing(), 'data-key': 'smooth', oninput: event => selection.set('s', event.target.value === '0' ? '' : event.target.value)})),
      h('label', {}, h('input', {type: 'checkbox', checked: log, 'data-key': 'ly', onchange: event => selection.set('ly', event.target.checked ? '1' : '0')}), 'log y'),
      h('label', {}, h('input', {type: 'checkbox', checked: xLog(), 'data-key': 'lx', onchange: event => selection.set('lx', event.target.checked ? '1' : '')}), 'log x'))
    plot.refresh()
  }
  update()
  const node = h('section', {class: 'panel', 'aria-label': title}, h('header', {}, h('h2', {}, title), controls), plot.root, legend,
    dataTable(title, () => {
      const order = store.byObjective.filter(trial => state.shown.includes(trial)), some = order.slice(0, 200), name = metric()
      return {columns: ['trial', 'state', 'epochs', 'first', 'best', 'last'], more: order.length - some.length, rows: some.map(trial => {
        const points = trial.curves[name] ?? [], [low, high] = extent(points)
        return [trial.trial, trial.state, points.length, sig(points[0]), sig(/loss|mae|penalty/.test(name) ? low : high), sig(points.at(-1))]
      })}
    }))
  return {node, update, plot}
}

/** What a trial is, in a few lines. */
export function trialTip(store, trial, more = []) {
  const row = store.rows.get(trial.trial)
  const line = (name, value) => h('tr', {}, h('td', {class: 'soft'}, name), h('td', {}, value))
  return h('table', {}, h('tbody', {},
    line('trial', `${trial.trial}${row ? `, place ${row.place} of ${store.rank.configurations}` : ''}`),
    line('state', stateText(trial)),
    line(store.definition.objective.metric, `${sig(trial.objective)} (epoch ${trial.best_epoch ?? '–'} of ${trial.epochs})`),
    more.map(([name, value]) => line(name, value)),
    trial.finding && line('finding', `${findingName(trial.finding.id)} since epoch ${trial.finding.since_epoch}`),
    store.definition.parameters.filter(one => one.path in trial.configuration).map(one => line(one.name, label(trial.configuration[one.path])))))
}

/** What arrow keys go through in a picture with a place a trial. */
export const stopsOf = (store, trials, place) => trials.map(trial => ({id: trial.trial, trial: trial.trial, place: place(trial),
  say: `Trial ${trial.trial}, ${stateText(trial)}, ${store.definition.objective.metric} ${sig(trial.objective)}`}))

const REASONS = {scheduler: 'others were better', sweep_ended: 'the sweep ended', cancelled: 'cancelled', cannot_recover: 'its loss was lost', hopeless: 'it cannot recover'}
export const stateText = trial => trial.state + (trial.stopped ? ' early' : '') + (trial.reason ? `: ${REASONS[trial.reason] ?? trial.reason}` : '')

/** The best so far, over epochs trained or core time. */
export function incumbentPanel(store, selection) {
  let steps = null, hovered = -1
  const metric = store.definition.objective.metric
  const byTime = () => selection.get('ix') === 'time'
  const xs = () => byTime() ? steps.core_seconds : steps.epochs
  const total = () => byTime() ? Math.max(...steps.core_seconds, [...store.trials.values()].reduce((sum, trial) => sum + trial.core_seconds, 0)) : Math.max(store.status?.epochs ?? 0, ...steps.epochs)
  const controls = h('div', {class: 'row'}), note = h('p', {class: 'soft small'})
  const plot = new Plot({name: 'Best so far', height: 240, pannable: false,
    draw: (context, x, y) => {
      if (!steps?.value.length) return
      const places = xs(), end = x(total())
      context.strokeStyle = theme().accent
      context.lineWidth = 2
      context.beginPath()
      steps.value.forEach((value, index) => {
        if (index) context.lineTo(x(places[index]), y(steps.value[index - 1])); else context.moveTo(x(places[0]), y(value))
        context.lineTo(x(places[index]), y(value))
      })
      context.lineTo(end, y(steps.value.at(-1)))
      context.stroke()
      context.fillStyle = theme().accent
      for (const [index, value] of steps.value.entries()) {
        // A dot where another trial took the lead.
        if (index && steps.trial[index] === steps.trial[index - 1]) continue
        context.beginPath(); context.arc(x(places[index]), y(value), 3, 0, 7); context.fill()
      }
    },
    over: (context, x, y) => {
      if (hovered < 0) return
      context.fillStyle = theme().text
      context.beginPath(); context.arc(x(xs()[hovered]), y(steps.value[hovered]), 4, 0, 7); context.fill()
    },
    hover: (place, self) => {
      hovered = -1
      if (place && steps?.value.length) {
        const [x] = self.scales(), at = x.invert(place[0])
        hovered = xs().findLastIndex(one => one <= at)
      }
      self.overSoon()
      self.showTip(hovered >= 0 && place, hovered >= 0 && h('table', {}, h('tbody', {}, [
        [metric, sig(steps.value[hovered])], ['trial', `${steps.trial[hovered]}, its epoch ${steps.epoch[hovered]}`],
        ['after', `${count(steps.epochs[hovered])} epochs, ${seconds(steps.core_seconds[hovered])} of core time`],
      ].map(([name, value]) => h('tr', {}, h('td', {class: 'soft'}, name), h('td', {}, value))))))
    },
    walk: (x, y) => (steps?.value ?? []).map((value, index) => ({id: index, trial: steps.trial[index], place: [x(xs()[index]) + 0.01, y(value)], say: `${metric} ${sig(value)}, trial ${steps.trial[index]}, after ${count(steps.epochs[index])} epochs`})),
    pin: stop => selection.toggle('pin', stop.trial),
    pick: () => { if (hovered >= 0) selection.toggle('pin', steps.trial[hovered]) }})
  const update = timeline => {
    if (timeline) steps = timeline.incumbents
    if (!steps) return
    const log = extent(steps.value)[0] > 0 && (selection.get('ily') || '1') === '1' && /loss|mae/.test(metric)
    plot.set({x: [0, total() || 1], y: padded(extent(steps.value, log), log, 0.08), yLog: log, xLabel: byTime() ? 'core seconds' : 'epochs trained, all trials', xWhole: !byTime(), yLabel: metric})
    fill(note, steps.value.length ? '' : awaited(store, 'There is no result yet.', 'No trial came to a result.'))
    plot.label = steps.value.length ? `Best so far: ${metric} came from ${sig(steps.value[0])} to ${sig(steps.value.at(-1))} in ${steps.value.length} steps; now trial ${steps.trial.at(-1)}` : awaited(store, 'Best so far: none yet', 'Best so far: none')
    refill(controls, menu('Over', byTime() ? 'time' : 'epochs', [['epochs', 'epochs trained'], ['time', 'core time']], value => selection.set('ix', value === 'time' ? 'time' : '')))
  }
  const node = h('section', {class: 'panel', 'aria-label': 'Best so far'}, h('header', {}, h('h2', {}, 'Best so far'), controls), plot.root, note,
    dataTable('Best so far', () => ({columns: ['epochs trained', 'core time', 'trial', 'its epoch', metric],
      rows: (steps?.value ?? []).map((value, index) => [count(steps.epochs[index]), seconds(steps.core_seconds[index]), steps.trial[index], steps.epoch[index], sig(value)])})))
  return {node, update}
}
