// The objective over two parameters: what trials measured, and what lies between them.
import {h, fill, dataTable} from './dom.js'
import {sig, short, label, bounds} from './format.js'
import {padded, parameterScale, quantile, scale} from './scale.js'
import {theme, worth, onScheme} from './color.js'
import {Plot} from './plot.js'
import {menu, bar} from './coloring.js'
import {trialTip, stopsOf} from './curves.js'
import {awaited} from './notice.js'

const CELLS = 44, MOST = 2000, NEAR = 0.15, SOFT = 1e-4

/**
 * Inverse-distance weighting (Shepard 1968) with the fourth power of the distance in the unit square: each place is a mean of all
 * points, the nearest first; SOFT, a hundredth of a side squared, keeps it finite where points lie on each other.
 * Returns {value, nearest}, the distance to the nearest point.
 */
export function between(points, x, y) {
  let sum = 0, weights = 0, least = Infinity
  for (const point of points) {
    const square = (point.x - x) ** 2 + (point.y - y) ** 2, weight = 1 / (square + SOFT) ** 2
    sum += weight * point.share
    weights += weight
    if (square < least) least = square
  }
  return {value: sum / weights, nearest: Math.sqrt(least)}
}

/** An axis: a parameter's own scale, and what is drawn of it; of whole numbers half a cell more at both ends. */
function axisOf(parameter, at) {
  const whole = parameter.kind === 'integer', [low, high] = at.domain, span = whole && !at.log ? [low - 0.5, high + 0.5] : [low, high]
  return Object.assign(at, {title: parameter.name, path: parameter.path, whole, span, along: scale(span, [0, 1], at.log).invert})
}

export function contourPanel(store, selection) {
  const choices = store.definition.parameters.filter(one => one.kind !== 'choice').sort((one, other) => (one.kind === 'integer') - (other.kind === 'integer')), metric = store.definition.objective.metric
  const node = h('section', {class: 'panel', 'aria-label': 'Contour map'})
  const title = h('h2', {}, `${metric} over two parameters`)
  if (choices.length < 2) { fill(node, h('header', {}, title), h('p', {class: 'soft'}, 'A map takes two parameters that are numbers; this sweep has ' + (choices.length ? 'one.' : 'none.'))); return {node} }
  const controls = h('div', {class: 'row'}), legend = h('div'), note = h('p', {class: 'soft small'})
  const cells = h('canvas', {width: CELLS, height: CELLS}), shade = worth(store.direction)
  let points = [], hovered = null, unit = null, axes = []
  const named = (key, other) => choices.find(one => one.path === selection.get(key)) ?? choices.find(one => one.path !== other)
  const plot = new Plot({name: 'Contour map', height: 400, pannable: false,
    draw: (context, x, y) => {
      const [left, right] = axes[0].span.map(x), [low, high] = axes[1].span.map(y)
      // What lies between whole numbers is nothing: their cells are not blended.
      context.imageSmoothingEnabled = !axes.some(axis => axis.whole)
      if (points.length) context.drawImage(cells, left, high, right - left, low - high)
      const pins = new Set(selection.pins)
      for (const point of points) {
        context.beginPath(); context.arc(x(point.values[0]), y(point.values[1]), pins.has(point.trial.trial) ? 5.5 : points.length > 500 ? 2 : 4, 0, 7)
        context.fillStyle = shade(point.share); context.fill()
        context.strokeStyle = pins.has(point.trial.trial) ? theme().text : '#fff'; context.lineWidth = pins.has(point.trial.trial) ? 3 : 1.6; context.stroke()
        context.strokeStyle = '#14181d'; context.lineWidth = 0.8; context.stroke()
      }
    },
    over: (context, x, y) => { if (hovered) { context.strokeStyle = theme().text; context.lineWidth = 2; context.beginPath(); context.arc(x(hovered.values[0]), y(hovered.values[1]), 7, 0, 7); context.stroke() } },
    hover: (place, self) => {
      hovered = null
      let tip = null
      if (place && points.length) {
        const [x, y] = self.scales()
        let least = 12
        for (const point of points) { const distance = Math.hypot(x(point.values[0]) - place[0], y(point.values[1]) - place[1]); if (distance < least) { least = distance; hovered = point } }
        const at = [x.invert(place[0]), y.invert(place[1])].map((value, index) => axes[index].whole ? Math.round(value) : value), shares = at.map((value, index) => axes[index](value))
        if (hovered) tip = trialTip(store, hovered.trial)
        else if (shares.every(share => share >= 0 && share <= 1)) tip = h('table', {}, h('tbody', {}, [[`about`, sig(unit.invert(between(points, ...shares).value), 3)], ...at.map((value, index) => [axes[index].title, short(value, 3)])].map(([name, value]) => h('tr', {}, h('td', {class: 'soft'}, name), h('td', {}, value)))))
      }
      self.overSoon()
      self.showTip(tip && place, tip)
    },
    walk: (x, y) => { const by = new Map(points.map(point => [point.trial, point])); return stopsOf(store, store.byObjective.filter(trial => by.has(trial)), trial => [x(by.get(trial).values[0]), y(by.get(trial).values[1])]) },
    pin: stop => selection.toggle('pin', stop.trial),
    pick: () => { if (hovered) selection.toggle('pin', hovered.trial.trial) }})
  /** The cells, a pixel each, from the top. */
  const paint = () => {
    const context = cells.getContext('2d'), image = context.createImageData(CELLS, CELLS)
    const shares = axes.map(axis => Array.from({length: CELLS}, (_, index) => axis(axis.whole ? Math.round(axis.along((index + 0.5) / CELLS)) : axis.along((index + 0.5) / CELLS))))
    for (let row = 0; row < CELLS; row++) for (let column = 0; column < CELLS; column++) {
      const {value, nearest} = between(points, shares[0][column], shares[1][CELLS - 1 - row]), place = 4 * (row * CELLS + column)
      shade(value).match(/\d+/g).forEach((one, channel) => { image.data[place + channel] = one })
      image.data[place + 3] = nearest > NEAR ? 90 : 255
    }
    context.putImageData(image, 0, 0)
  }
  const update = () => {
    const first = named('px', null), second = named('py', first.path) === first ? choices.find(one => one !== first) : named('py', first.path)
    const pass = selection.filter(), all = [...store.trials.values()]
    axes = [first, second].map(one => axisOf(one, parameterScale(one, all.map(trial => trial.configuration[one.path]))))
    const measured = all.filter(trial => pass(trial) && Number.isFinite(trial.objective) && axes.every(axis => typeof trial.configuration[axis.path] === 'number'))
    // More would only cost time: every k-th then.
    const every = Math.ceil(measured.length / MOST), some = measured.filter((_, index) => index % every === 0)
    const values = some.map(trial => trial.objective).sort((a, b) => a - b)
    const log = Boolean(metric.match(/loss|mae/)) && values[0] > 0
    // The worst tenth may be thousands of times worse: it shares the end of the scale.
    const ends = store.direction > 0 ? [values[0], quantile(values, 0.9)] : [quantile(values, 0.1), values.at(-1)]
    if (!(ends[0] < ends[1]) && values[0] < values.at(-1)) ends.splice(0, 2, values[0], values.at(-1))
    unit = scale(ends[0] < ends[1] ? ends : [values[0] ?? 1, (values[0] ?? 1) * (log ? 2 : 1) + (log ? 0 : 1)], [0, 1], log)
    points = some.map(trial => { const pair = axes.map(axis => trial.configuration[axis.path]); return {trial, values: pair, x: axes[0](pair[0]), y: axes[1](pair[1]), share: Math.max(0, Math.min(1, unit(trial.objective)))} })
    if (points.length) paint()
    plot.set({x: padded(axes[0].span, axes[0].log, 0.02), y: padded(axes[1].span, axes[1].log, 0.02), xLog: axes[0].log, yLog: axes[1].log, xLabel: axes[0].title + (axes[0].log ? ' (log)' : ''), yLabel: axes[1].title + (axes[1].log ? ' (log)' : '')})
    const best = points.reduce((one, point) => !one || store.compare(point.trial, one.trial) < 0 ? point : one, null)
    plot.label = `Contour map of ${metric} over ${axes[0].title} and ${axes[1].title}: ${points.length} trials` + (best ? `; the best, ${sig(best.trial.objective)}, at ${axes.map((axis, index) => `${axis.title} ${short(best.values[index], 3)}`).join(' and ')}` : '')
    const choose = (name, key, now, other) => menu(name, now.path, choices.filter(one => one !== other).map(one => [one.path, one.name]), value => selection.set(key, value))
    if (!controls.contains(document.activeElement)) fill(controls, choose('Across', 'px', first, second), choose('Upwards', 'py', second, first))
    const [least, most] = bounds(...unit.domain, short)
    fill(legend, points.length ? h('div', {class: 'legend'}, h('span', {}, metric + (log ? ' (log)' : '')), h('span', {}, least + (store.direction < 0 ? ' and less' : ''), bar(shade), most + (store.direction > 0 ? ' and more' : ''))) : h('p', {class: 'soft small'}, store.byObjective.length ? 'No trial that is shown has both parameters and a result.' : awaited(store, 'No trial has a result yet.', 'No trial came to a result.')))
    fill(note, `Circles are ${every > 1 ? `every ${every}th of ${measured.length}` : points.length} trials at their best so far, of those that were stopped early what they had reached. Between them: the mean of all, weighed by the inverse fourth power of the distance on these axes (Shepard 1968); faint where no trial is near. All other parameters differ from circle to circle.`)
  }
  update()
  onScheme(() => { if (node.isConnected) update() })
  fill(node, h('header', {}, title, controls), plot.root, legend, note, dataTable('Trials on the map', () => {
    const rows = [...points].sort((one, other) => store.compare(one.trial, other.trial))
    return {columns: ['trial', axes[0].title, axes[1].title, metric], more: Math.max(0, rows.length - 200), rows: rows.slice(0, 200).map(point => [point.trial.trial, ...point.values.map(one => label(one)), sig(point.trial.objective)])}
  }))
  return {update, node}
}
