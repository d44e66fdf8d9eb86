// Several objectives against each other: one point a configuration, and the first front as a staircase.
import {h, fill, dataTable} from './dom.js'
import {sig} from './format.js'
import {padded} from './scale.js'
import {Plot} from './plot.js'
import {theme} from './color.js'
import {trialTip} from './curves.js'
import {awaited} from './notice.js'

const FRONT = '#0072b2', OTHER = '#8a8f98'

/** The first objective over another one; of three objectives two pictures. */
export function frontsPanel(store, selection) {
  const [first, ...others] = store.definition.objectives
  const summary = h('span', {class: 'soft small'}), legend = h('div', {class: 'legend'})
  const state = {rows: []}
  const picture = other => {
    let hovered = null
    const at = row => [row.values[other.metric], row.values[first.metric]]
    // With two objectives nothing of the front lies below its stairs; of three, stairs would say what is not so.
    const stairs = others.length === 1
    const plot = new Plot({name: `${first.metric} over ${other.metric}`, height: 300,
      draw: (context, x, y) => {
        const front = state.rows.filter(row => row.front === 1).sort((one, two) => at(one)[0] - at(two)[0])
        if (stairs && front.length > 1) {
          context.strokeStyle = FRONT; context.lineWidth = 1.5; context.globalAlpha = 0.6; context.beginPath()
          // What lies between two members is as bad as the worse of both in each.
          const better = (objective, a, b) => (objective.direction === 'minimize' ? Math.max : Math.min)(a, b)
          front.forEach((row, index) => {
            const [px, py] = at(row)
            if (!index) { context.moveTo(x(px), y(py)); return }
            const [lx, ly] = at(front[index - 1]), corner = [better(other, lx, px), better(first, ly, py)]
            context.lineTo(x(corner[0]), y(corner[1])); context.lineTo(x(px), y(py))
          })
          context.stroke()
        }
        const pins = new Set(selection.pins)
        for (const row of [...state.rows].sort((one, two) => (two.front ?? Infinity) - (one.front ?? Infinity))) {
          const [px, py] = at(row)
          context.globalAlpha = row.front === 1 ? 0.95 : row.front ? 0.6 : 0.3
          context.fillStyle = row.front === 1 ? FRONT : OTHER
          context.beginPath(); context.arc(x(px), y(py), row.front === 1 || pins.has(row.trial) ? 5 : 3, 0, 7); context.fill()
          if (pins.has(row.trial)) { context.globalAlpha = 1; context.strokeStyle = theme().text; context.lineWidth = 1.5; context.stroke() }
        }
        context.globalAlpha = 1
      },
      over: (context, x, y) => { if (hovered) { const [px, py] = at(hovered); context.strokeStyle = theme().text; context.lineWidth = 2; context.beginPath(); context.arc(x(px), y(py), 6, 0, 7); context.stroke() } },
      hover: (place, self) => {
        hovered = null
        if (place) {
          const [x, y] = self.scales()
          let least = 12
          for (const row of state.rows) { const [px, py] = at(row), distance = Math.hypot(x(px) - place[0], y(py) - place[1]); if (distance < least) { least = distance; hovered = row } }
        }
        const trial = hovered && store.trials.get(hovered.trial)
        self.overSoon()
        self.showTip(trial && place, trial && trialTip(store, trial, [...others.map(one => [one.metric, sig(hovered.values[one.metric])]), ['front', hovered.front ?? 'not complete']]))
      },
      walk: (x, y) => [...state.rows].sort((one, two) => (one.front ?? Infinity) - (two.front ?? Infinity) || one.place - two.place).map(row => ({id: row.trial, trial: row.trial, place: [x(at(row)[0]), y(at(row)[1])],
        say: `Trial ${row.trial}, ${row.front ? `front ${row.front}` : 'not complete'}, ${[first, other].map(one => `${one.metric} ${sig(row.values[one.metric])}`).join(', ')}`})),
      pin: stop => selection.toggle('pin', stop.trial),
      pick: () => { if (hovered) selection.toggle('pin', hovered.trial) }})
    return {node: plot.root, update() {
      const points = state.rows.map(at)
      const ends = index => padded(points.length ? [Math.min(...points.map(point => point[index])), Math.max(...points.map(point => point[index]))] : [0, 1], false, 0.06)
      plot.set({x: ends(0), y: ends(1), xLabel: `${other.metric} (${other.direction})`, yLabel: `${first.metric} (${first.direction})`})
      plot.label = `${first.metric} over ${other.metric}: ${points.length} configurations, ${state.rows.filter(row => row.front === 1).length} on the first front`
    }}
  }
  const pictures = others.map(picture)
  // How the volume came about: it holds until the next trial that adds to it.
  const past = h('p', {class: 'soft small'}), table = dataTable('Hypervolume by trial', () => ({columns: ['trial', 'hypervolume'], rows: steps().map(one => [one.trial, sig(one.hypervolume, 6)])}))
  const steps = () => store.rank?.front?.history ?? []
  const history = new Plot({name: 'Hypervolume', height: 190, pannable: false,
    draw: (context, x, y) => {
      context.strokeStyle = FRONT; context.lineWidth = 2; context.beginPath()
      let last = 0
      context.moveTo(x(0), y(0))
      for (const one of steps()) { context.lineTo(x(one.trial), y(last)); context.lineTo(x(one.trial), y(one.hypervolume)); last = one.hypervolume }
      context.lineTo(x(Math.max(store.trials.size, 1)), y(last)); context.stroke()
    },
    walk: (x, y) => steps().map(one => ({id: one.trial, trial: one.trial, place: [x(one.trial), y(one.hypervolume)], say: `Hypervolume ${sig(one.hypervolume, 4)} from trial ${one.trial}`})),
    pin: stop => selection.toggle('pin', stop.trial),
    hover: (place, self) => {
      const at = place && Math.round(self.scales()[0].invert(place[0])), one = place && steps().findLast(step => step.trial <= at)
      self.showTip(one && place, one && h('table', {}, h('tbody', {}, [['up to trial', at], ['hypervolume', sig(one.hypervolume, 4)]].map(([name, value]) => h('tr', {}, h('td', {class: 'soft'}, name), h('td', {}, value))))))
    }})
  const volume = h('div', {}, h('h3', {}, 'Hypervolume'), history.root, past, table)
  const update = () => {
    const pass = selection.filter()
    state.rows = (store.rank?.rows ?? []).filter(row => [first, ...others].every(one => Number.isFinite(row.values?.[one.metric])) && row.runs.some(run => { const trial = store.trials.get(run.trial); return trial && pass(trial) }))
    for (const one of pictures) one.update()
    const front = store.rank?.front
    fill(summary, front ? `${front.members} of ${front.of} completed configurations are on the first front; hypervolume ${sig(front.hypervolume, 4)}` : awaited(store, 'nothing is complete yet', 'nothing was completed'))
    volume.hidden = !steps().length
    if (!volume.hidden) {
      const reference = [first, ...others].map((one, index) => `${one.metric} ${sig(front.reference[index], 4)}`).join(', '), last = steps().at(-1)
      history.set({x: [0, Math.max(1, store.trials.size)], y: [0, last.hypervolume * 1.08 || 1], xLabel: 'trial', xWhole: true, yLabel: ''})
      history.label = `Hypervolume over the order of trials: ${sig(last.hypervolume, 4)} after trial ${last.trial}, before ${reference}`
      fill(past, `What the completed configurations dominated, up to each trial, before the worst measured of each objective: ${reference}. As that point moves, so does the whole line.`)
    }
    fill(legend, [['first front', FRONT, 0.95], ['dominated', OTHER, 0.6], ['not complete', OTHER, 0.3]].map(([name, color, opacity]) => h('span', {}, h('i', {class: 'dot', style: {background: color, opacity}}), name)))
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Fronts'}, h('header', {}, h('h2', {}, 'Fronts'), summary), pictures.length > 1 ? h('div', {class: 'two'}, pictures.map(one => one.node)) : pictures[0].node, legend, volume)}
}
