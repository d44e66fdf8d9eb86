// Who trained what, when: a lane for each slot of each worker.
import {h, fill, dataTable} from './dom.js'
import {seconds, moment, times} from './format.js'
import {timeTicks} from './scale.js'
import {theme} from './color.js'
import {Plot} from './plot.js'
import {coloring, colorChoices, menu} from './coloring.js'
import {trialTip} from './curves.js'

// The first lane stands below the buttons.
const LANE = 14, GAP = 10, TOP = 32, AXIS = 34

export function timelinePanel(store, selection) {
  let spans = [], lanes = [], hovered = null, of = () => null, shown = new Set(), started = 0
  const legend = h('div'), controls = h('div', {class: 'row'}), note = h('p', {class: 'soft small'})
  const plot = new Plot({name: 'Timeline', height: 200, left: 96, top: TOP, bottom: AXIS, yTicks: false,
    draw: (context, x, y, self) => {
      const tone = theme(), pins = new Set(selection.pins)
      for (const span of spans) {
        const trial = store.trials.get(span.trial), left = x(span.begin), width = Math.max(1, x(span.end) - left - 0.5), top = y(span.row)
        context.globalAlpha = trial && shown.has(trial) ? 0.9 : 0.15
        context.fillStyle = span.kind === 'lost' ? tone.bad : (trial && of(trial)) ?? tone.line
        context.fillRect(left, top, width, LANE - 3)
        if (span.kind === 'running') { context.globalAlpha = 1; context.fillStyle = tone.accent; context.fillRect(left + width - 2, top, 2, LANE - 3) }
        if (pins.has(span.trial)) { context.globalAlpha = 1; context.strokeStyle = tone.text; context.lineWidth = 1.5; context.strokeRect(left, top, width, LANE - 3) }
      }
      context.globalAlpha = 1
    },
    over: (context, x, y, self) => {
      if (hovered) { context.strokeStyle = theme().text; context.lineWidth = 2; context.strokeRect(x(hovered.begin), y(hovered.row), Math.max(1, x(hovered.end) - x(hovered.begin)), LANE - 3) }
    },
    hover: (place, self) => {
      hovered = place && find(place, self)
      self.overSoon()
      const trial = hovered && store.trials.get(hovered.trial)
      self.showTip(hovered && place, hovered && (trial ? trialTip(store, trial, [['attempt', hovered.attempt], ['on', hovered.worker], ['took', seconds(hovered.end - hovered.begin) + (hovered.kind === 'lost' ? ', lost' : '')]]) : String(hovered.trial)))
    },
    walk: (x, y) => [...spans].sort((one, two) => one.begin - two.begin || one.row - two.row).map(span => ({id: `${span.trial} ${span.attempt} ${span.begin}`, trial: span.trial, place: [(x(span.begin) + x(span.end)) / 2, y(span.row) + LANE / 2],
      say: `Trial ${span.trial}, attempt ${span.attempt}, on ${span.worker}, ${seconds(span.end - span.begin)}, ${span.kind}`})),
    pin: stop => selection.toggle('pin', stop.trial),
    pick: (place, event, self) => { const span = find(place, self); if (span) selection.toggle('pin', span.trial) }})
  const find = ([left, top], self) => {
    const [x, y] = self.scales(), at = x.invert(left)
    return spans.find(span => at >= span.begin - 1e-3 && at <= span.end + 1e-3 && top >= y(span.row) && top <= y(span.row) + LANE) ?? null
  }
  // The names of the workers stand beside their lanes.
  const axes = plot.axes.bind(plot)
  plot.axes = (context, x, y) => {
    axes(context, x, y)
    context.fillStyle = theme().text
    context.textAlign = 'left'
    context.textBaseline = 'top'
    for (const lane of lanes) { let text = lane.worker; while (text.length > 3 && context.measureText(text).width > 84) text = text.slice(0, -2) + '…'; context.fillText(text, 4, y(lane.row)) }
  }
  const update = timeline => {
    if (timeline) {
      started = timeline.started_ms
      const packed = timeline.spans, byWorker = timeline.workers.map(() => [])
      spans = packed.trial.map((trial, index) => ({trial, attempt: packed.attempt[index], worker: timeline.workers[packed.worker[index]], place: packed.worker[index], begin: packed.begin[index], end: packed.end[index], to: packed.to_epoch[index], kind: packed.end_kind[index]}))
      for (const span of [...spans].sort((a, b) => a.begin - b.begin)) {
        const ends = byWorker[span.place]
        let lane = ends.findIndex(end => end <= span.begin + 0.02)
        if (lane < 0) lane = ends.length
        ends[lane] = span.end
        span.lane = lane
      }
      let row = 0
      const order = timeline.workers.map((worker, index) => ({worker, index})).sort((a, b) => a.worker.localeCompare(b.worker, 'en', {numeric: true}))
      lanes = []
      const first = []
      for (const {worker, index} of order) { lanes.push({worker, row}); first[index] = row; row += byWorker[index].length * LANE + GAP }
      for (const span of spans) span.row = first[span.place] + span.lane * LANE
      const height = Math.max(120, row + TOP + AXIS)
      if (plot.height !== height) { plot.height = height; plot.box.style.height = height + 'px'; plot.resize() }
      const begin = spans.length ? Math.min(...spans.map(span => span.begin)) : 0
      // A pixel is a unit downwards, so that lanes keep their height.
      plot.set({x: [begin, Math.max(begin + 0.1, ...spans.map(span => span.end))], y: [height - TOP - AXIS, 0], yFixed: true, xLabel: 'since the coordinator’s start', xTicks: timeTicks, xText: times, xRoom: 110})
      fill(note, spans.length ? `Times since ${moment(started)}, when this coordinator process began; what was trained before it is not drawn.` : 'Nothing has been trained since this coordinator process began.')
      plot.label = `Timeline: ${spans.length} attempts on ${lanes.length} workers, ${spans.filter(span => span.kind === 'lost').length} of them lost`
    }
    const pass = selection.filter()
    shown = new Set([...store.trials.values()].filter(pass))
    const colors = coloring(store, selection.get('c', 'state'), [...store.trials.values()])
    of = colors.of
    fill(legend, colors.legend([...shown]), spans.some(span => span.kind === 'lost') ? h('div', {class: 'legend'}, h('span', {}, h('i', {class: 'dot', style: {background: theme().bad}}), 'lost with its worker')) : null)
    fill(controls, menu('Colour', selection.get('c', 'state'), colorChoices(store), value => selection.set('c', value)))
    plot.refresh()
  }
  update()
  return {update, node: h('section', {class: 'panel', 'aria-label': 'Timeline'}, h('header', {}, h('h2', {}, 'Timeline by worker'), controls), plot.root, legend, note,
    dataTable('Attempts', () => ({columns: ['worker', 'trial', 'attempt', 'begin', 'took', 'to epoch', 'end'], more: Math.max(0, spans.length - 300),
      rows: spans.slice(-300).reverse().map(span => [span.worker, span.trial, span.attempt, seconds(span.begin), seconds(span.end - span.begin), span.to, span.kind])})))}
}
