// What parameters do: parallel coordinates with brushes, and the objective over each parameter.
import {h, fill, dataTable} from './dom.js'
import {short, label, numerals, bounds} from './format.js'
import {extent, padded, parameterScale, scale, quantile} from './scale.js'
import {theme, onScheme} from './color.js'
import {Plot} from './plot.js'
import {coloring, colorChoices, menu} from './coloring.js'
import {trialTip, stopsOf} from './curves.js'
import {awaited} from './notice.js'

/** Parameters of which trials have more than one value. */
const varying = store => store.definition.parameters

export function parallelPanel(store, selection) {
  const HEIGHT = 360, TOP = 44, FLOOR = HEIGHT - 34, ABSENT = HEIGHT - 14
  const base = h('canvas', {'aria-hidden': 'true'}), upper = h('canvas', {role: 'img'}), tip = h('div', {class: 'tip', 'aria-hidden': 'true'})
  const box = h('div', {class: 'box', style: {height: HEIGHT + 'px'}}, base, upper, tip)
  const legend = h('div'), controls = h('div', {class: 'row'}), fields = h('div', {class: 'row'})
  let axes = [], width = 0, shown = [], colors = null, drag = null, hovered = null

  const build = () => {
    const trials = [...store.trials.values()]
    const log = store.definition.objective.metric.match(/loss|mae/)
    const objectives = trials.map(trial => trial.objective).filter(value => value != null && (!log || value > 0)).sort((a, b) => a - b)
    const ends = store.direction > 0 ? [objectives[0], quantile(objectives, 0.95)] : [quantile(objectives, 0.05), objectives.at(-1)]
    const inner = scale(padded(objectives.length ? ends : [1, 2], log, 0), [0, 1], Boolean(log))
    axes = [...varying(store).map(parameter => ({path: parameter.path, name: parameter.name, at: parameterScale(parameter, trials.map(trial => trial.configuration[parameter.path])), value: trial => trial.configuration[parameter.path]})),
      {path: 'objective', name: store.definition.objective.metric, value: trial => trial.objective, at: Object.assign(value => value == null ? null : Math.max(0, Math.min(1, inner(value))), {log: Boolean(log), domain: inner.domain, invert: inner.invert, ticks: inner.ticks})}]
  }
  const widen = () => { box.style.minWidth = Math.max(320, axes.length * 96) + 'px' }
  const place = index => axes.length > 1 ? 60 + (width - 130) * index / (axes.length - 1) : width / 2
  const y = share => FLOOR - share * (FLOOR - TOP)
  const path = (context, trial) => {
    context.beginPath()
    axes.forEach((axis, index) => {
      const value = axis.value(trial), share = value === undefined ? null : axis.at(value)
      const top = share == null ? ABSENT : y(share)
      index ? context.lineTo(place(index), top) : context.moveTo(place(index), top)
    })
    context.stroke()
  }
  const paint = () => {
    if (!width) return
    const ratio = Math.min(2, devicePixelRatio || 1), context = base.getContext('2d'), tone = theme(), pins = new Set(selection.pins)
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, HEIGHT)
    const all = [...store.trials.values()], inside = new Set(shown)
    context.lineWidth = 1
    context.globalAlpha = 0.35
    context.strokeStyle = tone.grid
    // Those that are filtered away stay as a shade, but for so many that it would only cost time.
    if (inside.size < all.length && all.length < 4000) for (const trial of all) if (!inside.has(trial)) path(context, trial)
    context.globalAlpha = shown.length > 500 ? 0.25 : shown.length > 100 ? 0.45 : 0.7
    for (const trial of shown) { context.strokeStyle = colors.of(trial) ?? tone.line; path(context, trial) }
    context.globalAlpha = 1
    context.lineWidth = 2.4
    for (const trial of shown) if (pins.has(trial.trial)) { context.strokeStyle = tone.text; path(context, trial) }
    context.font = '11.5px system-ui, "Segoe UI", "Liberation Sans", sans-serif'
    const ranges = selection.ranges
    axes.forEach((axis, index) => {
      const left = place(index)
      context.strokeStyle = tone.soft
      context.lineWidth = 1
      context.beginPath(); context.moveTo(left + 0.5, TOP); context.lineTo(left + 0.5, FLOOR); context.stroke()
      context.fillStyle = tone.text
      context.textAlign = index ? index === axes.length - 1 ? 'right' : 'center' : 'left'
      context.textBaseline = 'bottom'
      context.fillText(axis.name, index ? index === axes.length - 1 ? Math.min(width - 2, left + 60) : left : 2, TOP - 22 + (index % 2) * 14)
      context.textAlign = 'left'
      context.textBaseline = 'middle'
      const marks = axis.at.options ? axis.at.options.map(one => [axis.at(one), label(one)]) : axis.at.ticks(5).map((value, index, all) => [axis.at(value), numerals(all)[index]])
      for (const [share, text] of marks) {
        if (share == null || share < -0.01 || share > 1.01) continue
        const top = y(share), size = context.measureText(text).width
        context.fillStyle = tone.panel; context.globalAlpha = 0.75; context.fillRect(left + 4, top - 7, size + 4, 14); context.globalAlpha = 1
        context.fillStyle = tone.soft; context.fillText(text, left + 6, top)
        context.beginPath(); context.moveTo(left - 3, top); context.lineTo(left + 3, top); context.stroke()
      }
      const range = ranges.get(axis.path)
      if (range) {
        const spans = range.options ? axis.at.options.filter(one => range.options.includes(JSON.stringify(one))).map(one => [axis.at(one) - 0.03, axis.at(one) + 0.03]) : [[axis.at(range.low), axis.at(range.high)]]
        for (const [low, high] of spans) {
          context.fillStyle = tone.accent; context.globalAlpha = 0.28; context.fillRect(left - 8, y(Math.min(1.02, high)), 16, y(Math.max(-0.02, low)) - y(Math.min(1.02, high)))
          context.globalAlpha = 1; context.strokeStyle = tone.accent; context.strokeRect(left - 8, y(Math.min(1.02, high)), 16, y(Math.max(-0.02, low)) - y(Math.min(1.02, high)))
        }
      }
    })
    if (axes.some(axis => shown.some(trial => axis.value(trial) === undefined))) { context.fillStyle = tone.soft; context.textAlign = 'left'; context.fillText('absent', 2, ABSENT) }
    paintOver()
  }
  const paintOver = () => {
    const ratio = Math.min(2, devicePixelRatio || 1), context = upper.getContext('2d')
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, HEIGHT)
    if (hovered && !drag) { context.strokeStyle = theme().panel; context.lineWidth = 5; path(context, hovered); context.strokeStyle = theme().text; context.lineWidth = 2; path(context, hovered) }
    if (drag && drag.to != null) { context.fillStyle = theme().accent; context.globalAlpha = 0.3; context.fillRect(place(drag.index) - 8, Math.min(drag.from, drag.to), 16, Math.abs(drag.to - drag.from)) ; context.globalAlpha = 1 }
  }
  const axisAt = left => { const near = axes.map((_, index) => Math.abs(place(index) - left)); const index = near.indexOf(Math.min(...near)); return near[index] < 22 ? index : -1 }
  const at = event => { const area = upper.getBoundingClientRect(); return [event.clientX - area.left, event.clientY - area.top] }
  upper.addEventListener('pointerdown', event => {
    const [left, top] = at(event), index = axisAt(left)
    if (index < 0 || event.button) return
    drag = {index, from: top, to: null}
    upper.setPointerCapture(event.pointerId)
  })
  upper.addEventListener('pointermove', event => {
    const [left, top] = at(event)
    if (drag) { if (drag.to != null || Math.abs(top - drag.from) > 3) drag.to = Math.max(TOP - 8, Math.min(FLOOR + 8, top)); paintOver(); return }
    upper.style.cursor = axisAt(left) >= 0 ? 'ns-resize' : ''
    const part = axes.findIndex((_, index) => place(index + 1) >= left && place(index) <= left)
    let best = null, least = 7
    if (part >= 0 && axes[part + 1]) for (const trial of shown) {
      const level = index => { const value = axes[index].value(trial), share = value === undefined ? null : axes[index].at(value); return share == null ? ABSENT : y(share) }
      const along = (left - place(part)) / (place(part + 1) - place(part)), distance = Math.abs(level(part) + (level(part + 1) - level(part)) * along - top)
      if (distance < least) { least = distance; best = trial }
    }
    hovered = best
    paintOver()
    tip.style.visibility = best ? 'visible' : 'hidden'
    if (best) { tip.replaceChildren(trialTip(store, best)); tip.style.left = (left + 16 + tip.offsetWidth > width ? left - tip.offsetWidth - 12 : left + 16) + 'px'; tip.style.top = Math.max(0, Math.min(HEIGHT - tip.offsetHeight, top + 10)) + 'px' }
  })
  upper.addEventListener('pointerleave', () => { if (!drag) { hovered = null; paintOver(); tip.style.visibility = 'hidden' } })
  upper.addEventListener('pointerup', () => {
    if (!drag) { if (hovered) selection.toggle('pin', hovered.trial); return }
    const axis = axes[drag.index], done = drag
    drag = null
    if (done.to == null) { selection.set('b:' + axis.path, ''); selection.set('v:' + axis.path, ''); return }
    const [low, high] = [done.from, done.to].map(top => (FLOOR - top) / (FLOOR - TOP)).sort((a, b) => a - b)
    if (axis.at.options) {
      const chosen = axis.at.options.filter(one => axis.at(one) >= low && axis.at(one) <= high)
      selection.set('v:' + axis.path, chosen.length ? JSON.stringify(chosen) : '')
    } else {
      const ends = [low, high].map(share => axis.at.invert(Math.max(0, Math.min(1, share))))
      selection.set('b:' + axis.path, ends.map(value => Number(value.toPrecision(6))).join('~'))
    }
  })
  new ResizeObserver(() => {
    width = box.clientWidth
    for (const canvas of [base, upper]) { const ratio = Math.min(2, devicePixelRatio || 1); canvas.width = width * ratio; canvas.height = HEIGHT * ratio }
    paint()
  }).observe(box)
  onScheme(paint)

  /** The brushes as fields, for keyboards. */
  const form = () => {
    const ranges = selection.ranges
    fill(fields, axes.map(axis => {
      const range = ranges.get(axis.path)
      if (axis.at.options) return h('label', {}, axis.name, h('select', {'data-key': 'f' + axis.path, onchange: event => selection.set('v:' + axis.path, event.target.value && `[${event.target.value}]`)},
        h('option', {value: ''}, range?.options?.length > 1 ? `${range.options.length} values` : 'any'), axis.at.options.map(one => h('option', {value: JSON.stringify(one), selected: range?.options?.length === 1 && range.options[0] === JSON.stringify(one)}, label(one)))))
      const field = (which, name) => h('input', {type: 'text', inputmode: 'decimal', size: 7, 'aria-label': `${axis.name} ${name}`, placeholder: bounds(...axis.at.domain, short)[name === 'from' ? 0 : 1], value: range ? short(range[which], 6) : '', 'data-key': which + axis.path,
        onchange: event => {
          const number = event.target.value === '' ? axis.at.domain[which === 'low' ? 0 : 1] : Number(event.target.value)
          const now = range ?? {low: axis.at.domain[0], high: axis.at.domain[1]}
          const next = {...now, [which]: number}
          selection.set('b:' + axis.path, Number.isFinite(number) && next.low <= next.high ? `${next.low}~${next.high}` : '')
        }})
      return h('label', {}, axis.name, field('low', 'from'), field('high', 'to'))
    }))
  }
  const update = () => {
    build()
    widen()
    const pass = selection.filter()
    shown = [...store.trials.values()].filter(pass).sort((one, other) => -store.compare(one, other))
    colors = coloring(store, selection.get('c', 'objective'), [...store.trials.values()])
    upper.setAttribute('aria-label', `Parallel coordinates of ${shown.length} trials over ${axes.map(axis => axis.name).join(', ')}. The fields below do what brushing does.`)
    fill(legend, shown.length ? colors.legend(shown) : h('p', {class: 'soft small'}, store.trials.size ? 'No trial passes the filters.' : awaited(store, 'There is no trial yet.', 'No trial was begun.')))
    fill(controls, menu('Colour', selection.get('c', 'objective'), colorChoices(store), value => selection.set('c', value)))
    if (!fields.contains(document.activeElement)) form()
    paint()
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Parallel coordinates'},
    h('header', {}, h('h2', {}, 'Parallel coordinates'), h('span', {class: 'soft small'}, 'drag along an axis to filter'), controls),
    h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Picture of parallel coordinates'}, box), legend, h('details', {class: 'data'}, h('summary', {}, 'Filter by numbers'), fields),
    dataTable('Trials by configuration', () => {
      const some = store.byObjective.filter(trial => shown.includes(trial)).slice(0, 200)
      return {columns: ['trial', ...axes.map(axis => axis.name)], more: shown.length - some.length, rows: some.map(trial => [trial.trial, ...axes.map(axis => label(axis.value(trial)))])}
    }))}
}

/** The objective over each parameter. */
export function slicesPanel(store, selection) {
  const grid = h('div', {class: 'slices'}), legend = h('div'), controls = h('div', {class: 'row'})
  const metric = store.definition.objective.metric, state = {shown: [], of: () => null}
  const places = new Map()
  const slice = parameter => {
    let at = null, hovered = null
    const jitter = trial => ((trial.trial * 2654435761 % 1000) / 1000 - 0.5) * 0.3
    const value = trial => {
      const one = trial.configuration[parameter.path]
      if (!at.options) return one
      const index = at.options.findIndex(option => JSON.stringify(option) === JSON.stringify(one))
      return index < 0 ? undefined : index + jitter(trial)
    }
    const plot = new Plot({name: parameter.name, height: 190, left: 50, pannable: false,
      draw: (context, x, y) => {
        const pins = new Set(selection.pins)
        context.globalAlpha = state.shown.length > 500 ? 0.45 : 0.75
        for (const trial of state.shown) {
          const one = value(trial)
          if (one === undefined || trial.objective == null) continue
          context.fillStyle = state.of(trial) ?? theme().line
          context.beginPath(); context.arc(x(one), Math.max(-2, y(trial.objective)), pins.has(trial.trial) ? 5 : state.shown.length > 500 ? 2 : 3, 0, 7); context.fill()
          if (pins.has(trial.trial)) { context.globalAlpha = 1; context.strokeStyle = theme().text; context.stroke(); context.globalAlpha = 0.75 }
        }
        context.globalAlpha = 1
      },
      over: (context, x, y) => { if (hovered) { context.strokeStyle = theme().text; context.lineWidth = 2; context.beginPath(); context.arc(x(value(hovered)), y(hovered.objective), 5, 0, 7); context.stroke() } },
      hover: (place, self) => {
        hovered = null
        if (place) {
          const [x, y] = self.scales()
          let least = 12
          for (const trial of state.shown) { const one = value(trial); if (one === undefined || trial.objective == null) continue; const distance = Math.hypot(x(one) - place[0], y(trial.objective) - place[1]); if (distance < least) { least = distance; hovered = trial } }
        }
        self.overSoon()
        self.showTip(hovered && place, hovered && trialTip(store, hovered))
      },
      walk: (x, y) => { const inside = new Set(state.shown); return stopsOf(store, store.byObjective.filter(trial => inside.has(trial) && trial.objective != null && value(trial) !== undefined), trial => [x(value(trial)), Math.max(-2, y(trial.objective))]) },
      pin: stop => selection.toggle('pin', stop.trial),
      pick: () => { if (hovered) selection.toggle('pin', hovered.trial) }})
    return {plot, node: h('div', {}, h('h3', {}, parameter.name), plot.root), update(yDomain, yLog) {
      at = parameterScale(parameter, state.shown.map(trial => trial.configuration[parameter.path]))
      plot.set(at.options
        ? {x: [-0.5, at.options.length - 0.5], xLog: false, xTicks: at.options.map((_, index) => index), xText: shown => shown.map(index => label(at.options[index])), y: yDomain, yLog, xLabel: ''}
        : {x: padded(at.domain, at.log, 0.03), xLog: at.log, xTicks: parameter.kind === 'integer' ? at.ticks(5) : null, y: yDomain, yLog, xLabel: ''})
      plot.label = `${metric} over ${parameter.name}, ${state.shown.length} trials`
    }}
  }
  const update = () => {
    const pass = selection.filter()
    state.shown = [...store.trials.values()].filter(pass)
    const colors = coloring(store, selection.get('c', 'objective'), [...store.trials.values()])
    state.of = colors.of
    const measured = state.shown.some(trial => trial.objective != null)
    const log = (selection.get('sy') || (/loss|mae/.test(metric) ? '1' : '0')) === '1'
    const sorted = state.shown.map(trial => trial.objective).filter(one => one != null && (!log || one > 0)).sort((a, b) => a - b)
    const domain = padded(sorted.length ? store.direction > 0 ? [sorted[0], Math.min(sorted.at(-1), quantile(sorted, 0.97) * (log ? 1.5 : 1))] : [quantile(sorted, 0.03), sorted.at(-1)] : [1, 2], log, 0.06)
    for (const parameter of varying(store)) {
      if (!places.has(parameter.path)) { const one = slice(parameter); places.set(parameter.path, one); grid.append(one.node) }
      places.get(parameter.path).update(domain, log)
    }
    fill(legend, !varying(store).length ? h('p', {class: 'soft small'}, 'No parameter of this sweep varies.') : measured ? colors.legend(state.shown) : h('p', {class: 'soft small'}, store.byObjective.some(trial => trial.objective != null) ? 'No trial that is shown has a result.' : awaited(store, 'No trial has a result yet.', 'No trial came to a result.')))
    fill(controls, h('label', {}, h('input', {type: 'checkbox', checked: log, onchange: event => selection.set('sy', event.target.checked ? '1' : '0')}), `log ${metric}`))
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Each parameter'}, h('header', {}, h('h2', {}, `${metric} over each parameter`), controls), grid, legend)}
}
