// Who was copied from whom: the members of a population over their epochs.
import {h, fill, dataTable} from './dom.js'
import {sig, label} from './format.js'
import {theme} from './color.js'
import {Plot} from './plot.js'
import {coloring, colorChoices, menu} from './coloring.js'
import {trialTip} from './curves.js'

const LANE = 18
/** A canvas has a greatest size, and three of them are kept: of more members the rows are thinner. */
const TALLEST = 1440

/** Trials that were copied, and those that began by themselves, each in a lane: a copy takes one that was freed at its epoch. */
export function lanesOf(trials) {
  const ends = [], placed = new Map(), copies = new Map(), from = trial => trial.copied_from?.epoch ?? 0
  for (const trial of [...trials].sort((one, other) => from(one) - from(other) || one.trial - other.trial)) {
    const begin = from(trial)
    let lane = begin ? ends.findIndex(end => end.over && end.epoch === begin) : -1
    if (lane < 0 && begin) lane = ends.findIndex(end => end.over && end.epoch <= begin)
    if (lane < 0) lane = ends.length
    ends[lane] = {epoch: Math.max(begin, trial.epochs), over: ['pruned', 'failed', 'completed'].includes(trial.state)}
    const copy = copies.get(begin) ?? 0
    copies.set(begin, copy + 1)
    placed.set(trial.trial, {trial, lane, begin, copy, end: Math.max(begin, trial.epochs)})
  }
  return {placed, count: ends.length}
}

export function lineagePanel(store, selection) {
  let lane = LANE, members = new Map(), hovered = null, of = () => null, shown = new Set()
  const controls = h('div', {class: 'row'}), legend = h('div'), note = h('p', {class: 'soft small'})
  const line = () => { const names = new Set(); for (let at = hovered; at; at = members.get(at.trial.copied_from?.trial)) names.add(at.trial.trial); return names }
  const bar = (context, x, y, member) => context.fillRect(x(member.begin), y(member.lane) - lane * 0.28, Math.max(2, x(member.end) - x(member.begin) - 1), lane * 0.56)
  const copy = (context, x, y, member) => {
    const parent = members.get(member.trial.copied_from?.trial)
    if (!parent) return
    // Copies of one epoch stand beside each other, each with a point at whom it is of and an arrow to where it goes on.
    const at = x(member.begin) + 3 + 6 * member.copy, from = y(parent.lane), to = y(member.lane), down = Math.sign(to - from) || 1
    const {strokeStyle, lineWidth} = context
    for (const [color, width] of [[theme().panel, lineWidth + 2.6], [strokeStyle, lineWidth]]) {
      context.strokeStyle = color; context.lineWidth = width
      context.beginPath(); context.moveTo(at, from); context.lineTo(at, to - down * 5); context.stroke()
    }
    context.beginPath(); context.arc(at, from, 2.6, 0, 7); context.fill()
    context.beginPath(); context.moveTo(at, to - down * 1); context.lineTo(at - 3.4, to - down * 8); context.lineTo(at + 3.4, to - down * 8); context.fill()
  }
  const plot = new Plot({name: 'Lineage', height: 200, left: 20, yTicks: false, pannable: false,
    draw: (context, x, y) => {
      const tone = theme(), pins = new Set(selection.pins)
      for (const member of members.values()) {
        context.globalAlpha = shown.has(member.trial) ? 0.9 : 0.2
        context.fillStyle = of(member.trial) ?? tone.line
        bar(context, x, y, member)
        context.strokeStyle = tone.soft; context.lineWidth = 0.6
        context.strokeRect(x(member.begin), y(member.lane) - lane * 0.28, Math.max(2, x(member.end) - x(member.begin) - 1), lane * 0.56)
        if (pins.has(member.trial.trial)) { context.globalAlpha = 1; context.strokeStyle = tone.text; context.lineWidth = 1.5; context.strokeRect(x(member.begin), y(member.lane) - lane * 0.28, Math.max(2, x(member.end) - x(member.begin) - 1), lane * 0.56) }
      }
      context.globalAlpha = 0.8
      context.strokeStyle = context.fillStyle = tone.text
      context.lineWidth = 1.4
      for (const member of members.values()) copy(context, x, y, member)
      context.globalAlpha = 1
    },
    over: (context, x, y) => {
      if (!hovered) return
      context.strokeStyle = context.fillStyle = theme().text
      context.lineWidth = 2.4
      for (const number of line()) { const member = members.get(number); copy(context, x, y, member); context.strokeRect(x(member.begin), y(member.lane) - lane / 3, Math.max(2, x(member.end) - x(member.begin) - 1), lane * 2 / 3) }
    },
    hover: (place, self) => {
      hovered = null
      if (place) {
        const [x, y] = self.scales()
        let least = Math.max(2, lane / 2)
        for (const member of members.values()) {
          const distance = Math.abs(y(member.lane) - place[1])
          if (place[0] >= x(member.begin) - 1 && place[0] <= x(member.end) + 1 && distance < least) { least = distance; hovered = member }
        }
      }
      self.overSoon()
      self.showTip(hovered && place, hovered && trialTip(store, hovered.trial, hovered.trial.copied_from ? [['copied from', `trial ${hovered.trial.copied_from.trial} after epoch ${hovered.trial.copied_from.epoch}`]] : []))
    },
    walk: (x, y) => [...members.values()].map(member => ({id: member.trial.trial, trial: member.trial.trial, place: [(x(member.begin) + x(member.end)) / 2, y(member.lane)],
      say: `Trial ${member.trial.trial}, ${member.trial.copied_from ? `copied from trial ${member.trial.copied_from.trial} after epoch ${member.trial.copied_from.epoch}` : 'not copied'}, ${member.trial.state}, ${sig(member.trial.objective)}`})),
    pin: stop => selection.toggle('pin', stop.trial),
    pick: () => { if (hovered) selection.toggle('pin', hovered.trial.trial) }})
  const node = h('section', {class: 'panel', 'aria-label': 'Lineage'}, h('header', {}, h('h2', {}, 'Lineage'), controls), plot.root, legend, note,
    dataTable('Members', () => ({columns: ['trial', 'copied from', 'after epoch', 'epochs', 'state', store.definition.objective.metric], more: Math.max(0, members.size - 300),
      rows: [...members.values()].slice(0, 300).map(({trial}) => [trial.trial, trial.copied_from?.trial ?? '', trial.copied_from?.epoch ?? '', trial.epochs, trial.state, trial.objective == null ? '' : sig(trial.objective)])})))
  const update = () => {
    const all = [...store.trials.values()], copies = all.filter(trial => trial.copied_from)
    node.hidden = !copies.length
    if (node.hidden) return
    const {placed, count} = lanesOf(all)
    members = placed
    const pass = selection.filter(), colors = coloring(store, selection.get('c', 'objective'), all)
    shown = new Set(all.filter(pass))
    of = colors.of
    lane = Math.max(0.1, Math.min(LANE, TALLEST / count))
    const height = Math.max(110, Math.ceil(count * lane) + 60)
    if (plot.height !== height) { plot.height = height; plot.box.style.height = height + 'px'; plot.resize() }
    plot.set({x: [0, Math.max(1, store.definition.epochs ?? 0, ...[...members.values()].map(member => member.end))], y: [count - 0.4, -0.6], xLabel: 'epoch', xTicks: [0, ...store.definition.levels]})
    const best = store.byObjective[0], chain = []
    for (let at = members.get(best?.trial); at && chain.length < 100; at = members.get(at.trial.copied_from?.trial)) chain.push(at)
    const words = chain.length > 1 ? `; the best, trial ${best.trial}, goes back over ` + chain.slice(1).map((one, index) => `trial ${one.trial.trial} (until epoch ${chain[index].begin})`).join(', ') : ''
    plot.label = `Lineage: ${count} members at a time, ${copies.length} copies${words}`
    fill(legend, colors.legend(all.filter(pass)))
    fill(controls, menu('Colour', selection.get('c', 'objective'), colorChoices(store), value => selection.set('c', value)))
    fill(note, `A bar is a trial over its own epochs; a line leads from the member whose state was copied to the copy${words}. A copy stands in a row that was free at its epoch.`)
  }
  update()
  return {update, node}
}
