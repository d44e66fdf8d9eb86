// One trial with all that is known of it, and several beside each other.
import {h, fill, dataTable} from './dom.js'
import {sig, range, label, seconds} from './format.js'
import {CLASSES} from './color.js'
import {extent, padded} from './scale.js'
import {theme} from './color.js'
import {Plot} from './plot.js'
import {ask, sweepPath} from './store.js'
import {findingName} from './coloring.js'
import {stateText, curvesPanel} from './curves.js'
import {stateDot} from './ranking.js'
import {sweepLink, facts} from './views.js'
import {enqueuePanel} from './enqueue.js'
import {reasonsPanels} from './diagnosis.js'

export function trialView(store, selection, number, context) {
  const again = enqueuePanel(store, context), reasons = reasonsPanels(store, number)
  const node = h('div'), chart = h('div'), details = h('div')
  let known = null, asked = null, chosen = null, moreOpen = false
  const plot = new Plot({name: `Curve of trial ${number}`, height: 320, draw: (context, x, y) => {
    context.lineWidth = 2
    for (const [index, metric] of lines().entries()) {
      context.strokeStyle = CLASSES[index % CLASSES.length]
      context.setLineDash([[], [6, 3], [2, 2]][index % 3])
      context.beginPath()
      let pen = false
      known.curve[metric].forEach((value, epoch) => { if (value == null || y.log && value <= 0) { pen = false; return } pen ? context.lineTo(x(epoch + 1), y(value)) : context.moveTo(x(epoch + 1), y(value)); pen = true })
      context.stroke()
      // A point without neighbours is no line; what is lost is marked where it was.
      const points = known.curve[metric], counts = index => points[index] != null && !(y.log && points[index] <= 0)
      points.forEach((value, index) => {
        if (counts(index) && !counts(index - 1) && !counts(index + 1)) { context.fillStyle = context.strokeStyle; context.beginPath(); context.arc(x(index + 1), y(value), 3, 0, 7); context.fill() }
      })
      const first = points.indexOf(null), top = y(y.domain[1]) + 7, place = x(first + 1)
      if (first >= 0) { context.setLineDash([]); context.beginPath(); context.moveTo(place - 4, top - 4); context.lineTo(place + 4, top + 4); context.moveTo(place + 4, top - 4); context.lineTo(place - 4, top + 4); context.stroke() }
    }
    context.setLineDash([])
    context.strokeStyle = theme().soft
    context.lineWidth = 1
    context.globalAlpha = 0.35
    for (const level of store.definition.levels) if (level <= known.epochs) { context.beginPath(); context.moveTo(x(level), 0); context.lineTo(x(level), 999); context.stroke() }
    context.globalAlpha = 1
  }, hover: (place, self) => {
    if (!place || !known?.epochs) return self.showTip(null)
    const epoch = Math.max(1, Math.min(known.epochs, Math.round(self.scales()[0].invert(place[0]))))
    self.showTip(place, h('table', {}, h('tbody', {}, h('tr', {}, h('td', {class: 'soft'}, 'epoch'), h('td', {}, epoch)),
      lines().map(metric => h('tr', {}, h('td', {class: 'soft'}, metric), h('td', {}, sig(known.curve[metric][epoch - 1])))), h('tr', {}, h('td', {class: 'soft'}, 'took'), h('td', {}, seconds(known.seconds[epoch - 1]))))))
  },
  walk: (x, y) => Array.from({length: known?.epochs ?? 0}, (_, epoch) => {
    const told = lines().map(metric => [metric, known.curve[metric][epoch]]), first = told.map(([, value]) => value).find(value => value != null && !(y.log && value <= 0))
    return {id: epoch, place: [x(epoch + 1), first === undefined ? 1 : y(first)], say: [`Epoch ${epoch + 1}`, ...told.map(([metric, value]) => `${metric} ${sig(value)}`)].join(', ')}
  }),
  pin: () => selection.toggle('pin', number)})
  const lines = () => known ? known.metrics.filter(metric => chosen.has(metric)) : []
  const log = () => (selection.get('ly') || '1') === '1'
  const drawPlot = () => {
    const all = lines().flatMap(metric => known.curve[metric])
    const isLog = log() && extent(all, true)[0] < Infinity
    plot.set({x: [1, Math.max(2, known.epochs)], y: padded(extent(all, isLog), isLog, 0.06), yLog: isLog, xLabel: 'epoch', xWhole: true, yLabel: ''})
    plot.label = `Curves of trial ${number} over ${known.epochs} epochs: ` + lines().map(metric => `${metric} ends at ${sig(known.curve[metric].at(-1))}`).join(', ')
    const box = metric => {
      const index = lines().indexOf(metric)
      return h('label', {}, h('input', {type: 'checkbox', checked: chosen.has(metric), onchange: event => { event.target.checked ? chosen.add(metric) : chosen.delete(metric); drawPlot() }}),
        index >= 0 ? h('i', {class: 'dot', style: {background: CLASSES[index % CLASSES.length]}, 'aria-hidden': 'true'}) : null, metric)
    }
    const isMore = metric => /recall|auc|top5|balanced|penalty|weight|update|clip|^test\./.test(metric)
    const more = h('details', {class: 'data', open: moreOpen || known.metrics.some(metric => isMore(metric) && chosen.has(metric)), ontoggle: event => { moreOpen = event.target.open }}, h('summary', {}, 'More metrics'), h('div', {class: 'row small'}, known.metrics.filter(isMore).map(box)))
    fill(chart, h('div', {class: 'row small'}, known.metrics.filter(metric => !isMore(metric)).map(box), h('label', {}, h('input', {type: 'checkbox', checked: log(), onchange: event => { selection.set('ly', event.target.checked ? '1' : '0'); drawPlot() }}), 'log y')), known.metrics.some(isMore) ? more : null, plot.root,
    dataTable(`Curve of trial ${number}`, () => ({columns: ['epoch', ...known.metrics, 'core seconds'], rows: known.seconds.map((took, epoch) => [epoch + 1, ...known.metrics.map(metric => sig(known.curve[metric][epoch], 6)), sig(took)])})))
  }
  const show = () => {
    const walks = document.activeElement === plot.upper
    const row = store.rows.get(number), objective = store.definition.objective, place = row?.place
    const order = store.byObjective.map(trial => trial.trial), index = order.indexOf(number)
    const step = (to, text) => to ? h('a', {href: sweepLink(store.name, ['trials', to])}, text) : null
    chosen ??= new Set(known.metrics.filter(metric => /^(training|probe|validation)\.loss$/.test(metric) || metric === objective.metric && !/accuracy/.test(metric)))
    const pinned = selection.pins.includes(number)
    fill(details,
      h('div', {class: 'row spread', style: {'margin-top': '12px'}}, h('h1', {}, stateDot(known.state), ' Trial ', number, h('span', {class: 'soft', style: {'font-weight': 400}}, ` of ${store.name}`)),
        h('div', {class: 'row'}, step(order[index - 1], '← better'), step(order[index + 1], 'worse →'),
          h('button', {'aria-pressed': String(pinned), onclick: () => selection.toggle('pin', number)}, pinned ? 'Unpin' : 'Pin to compare'))),
      facts([['State', stateText(known)], [objective.metric, sig(known.objective), row?.interval && `${range(...row.interval)} (95 %)`], ['Place', place ? `${place}` : '–', row && `of ${store.rank.configurations}` + (row.tied_with.length ? `, tied with ${row.tied_with.length}` : '')],
        ['Best epoch', known.best_epoch ?? '–', `of ${known.epochs} trained`], ['Core time', seconds(known.core_seconds)], ['Attempts', known.attempts], ['Worker', known.worker ?? (known.workers.at(-1) ?? '–'), known.workers.length > 1 && `before: ${known.workers.filter(one => one !== known.worker).join(', ')}`]]),
      known.finding && h('div', {class: 'notice'}, h('b', {}, findingName(known.finding.id)), ` since epoch ${known.finding.since_epoch}: ${known.finding.evidence}`),
      known.death && h('div', {class: 'error'}, 'Its last lost attempt: ', known.death),
      h('section', {class: 'panel', 'aria-label': 'Curves'}, h('header', {}, h('h2', {}, 'Curves')), chart),
      h('div', {class: 'two'},
        h('section', {class: 'panel', 'aria-label': 'Configuration'}, h('header', {}, h('h2', {}, 'Configuration'), h('span', {class: 'mono soft'}, known.configuration_id)),
          h('table', {}, h('tbody', {}, Object.entries(known.configuration).map(([path, value]) => h('tr', {}, h('th', {scope: 'row'}, path), h('td', {class: 'mono'}, typeof value === 'number' ? String(value) : label(value)))),
            h('tr', {}, h('th', {scope: 'row'}, 'seed'), h('td', {class: 'mono'}, known.seed)), known.fold ? h('tr', {}, h('th', {scope: 'row'}, 'fold'), h('td', {}, `${known.fold}: its rows are those of validation`)) : null))),
        h('section', {class: 'panel', 'aria-label': 'What happened'}, h('header', {}, h('h2', {}, 'What happened')),
          known.notes.length ? h('table', {}, h('thead', {}, h('tr', {}, h('th', {scope: 'col', class: 'num'}, 'epoch'), h('th', {scope: 'col'}, 'note'))), h('tbody', {}, known.notes.map(note => h('tr', {}, h('td', {class: 'num'}, note.epoch), h('td', {class: 'wrap'}, note.text))))) : h('p', {class: 'soft'}, 'Nothing out of the ordinary in its training.'),
          known.goal != null && h('p', {class: 'small'}, `Decided up to epoch ${known.goal}.`),
          known.checkpoint_epoch != null && h('p', {class: 'small'}, `Its newest checkpoint is after epoch ${known.checkpoint_epoch}.`),
          row && row.runs.length > 1 && [h('h3', {}, 'Runs of this configuration'), h('table', {}, h('tbody', {}, row.runs.map(run => h('tr', {}, h('td', {}, h('a', {href: sweepLink(store.name, ['trials', run.trial])}, `trial ${run.trial}`)), run.fold && h('td', {}, `fold ${run.fold}`), h('td', {}, run.state), h('td', {class: 'num'}, sig(run.objective))))))],
          known.log && [h('h3', {}, 'Last lines of its process'), h('pre', {tabindex: 0}, known.log)])),
      known.readings?.length ? networkPanel(number, known.readings) : null,
      known.readings?.some(reading => reading.classes?.length) ? classesPanel(number, known.readings.filter(reading => reading.classes?.length)) : null)
    drawPlot()
    // What is told anew takes it out and in again.
    if (walks) plot.upper.focus({preventScroll: true})
    again.update(known)
    reasons.update()
  }
  const update = async () => {
    const trial = store.trials.get(number), stamp = trial && `${trial.epochs} ${trial.state} ${trial.attempts}`
    if (asked === stamp && known) { show(); return }
    asked = stamp
    try { known = await ask(`${sweepPath(store.name)}/trials/${number}`) } catch (error) { fill(node, h('p', {class: 'error'}, error.message)); return }
    show()
  }
  fill(node, details, reasons.node, again.node)
  update()
  return {node, update}
}

/** What the network looked like after the epochs that were read: the newest reading here, all of them in the table behind it. */
function networkPanel(number, readings) {
  const last = readings.at(-1), shown = last.layers.slice(0, 24)
  const share = value => value == null ? '–' : `${Math.round(100 * value)} %`
  const step = layer => layer.change == null || !layer.weights ? null : layer.change / layer.weights
  const columns = ['layer', 'units', 'gradient', 'weights', 'step / weights', 'outputs', 'dead', 'saturated']
  const cells = layer => [layer.head ? `${layer.name}, head` : `${layer.name}${layer.activation ? `, ${layer.activation}` : ''}`, layer.units, sig(layer.gradient, 3), sig(layer.weights, 3), sig(step(layer), 3), sig(layer.deviation, 3), share(layer.dead), share(layer.saturated)]
  return h('section', {class: 'panel', 'aria-label': 'Network'}, h('header', {}, h('h2', {}, 'Network'), h('span', {class: 'soft'}, `after epoch ${last.epoch}`)),
    h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': `Layers of trial ${number} after epoch ${last.epoch}`}, h('table', {},
      h('thead', {}, h('tr', {}, columns.map((name, index) => h('th', {scope: 'col', class: index ? 'num' : null}, name)))),
      h('tbody', {}, shown.map(layer => h('tr', {}, cells(layer).map((cell, index) => h(index ? 'td' : 'th', index ? {class: 'num'} : {scope: 'row'}, cell))))))),
    last.layer_count > shown.length && h('p', {class: 'small soft'}, `${shown.length} of ${last.layer_count} layers.`),
    noiseText(readings),
    h('p', {class: 'small soft'}, 'Gradient and weights are root mean squares over the weights; outputs are told by their standard deviation over the probe’s rows.'),
    dataTable(`Readings of trial ${number}`, () => ({columns: ['epoch', ...columns], rows: readings.flatMap(reading => reading.layers.map(layer => [reading.epoch, ...cells(layer)]))})))
}

/** The gradient's noise, as the newest reading that has it tells; null where none does. */
export function noiseText(readings) {
  const last = readings.findLast(reading => reading.noise)
  if (!last) return null
  const {scale, rows} = last.noise
  return h('p', {class: 'small'}, `After epoch ${last.epoch} the gradient’s noise scale is ${scale == null ? 'beyond what was measured' : `${sig(scale, 3)} rows`}${rows ? ` (of ${rows} rows)` : ''}${scale == null ? '' : ': at a batch of as many rows noise and signal are equal'}.`)
}

/** What is achieved class by class: the newest reading that tells it here, all of them in the table behind it. */
function classesPanel(number, readings) {
  const last = readings.at(-1), columns = ['class', 'validation rows', 'loss', 'recall', 'loss in training']
  const cells = one => [one.class, one.rows, sig(one.loss, 3), one.recall == null ? '–' : `${Math.round(100 * one.recall)} %`, sig(one.probe_loss, 3)]
  return h('section', {class: 'panel', 'aria-label': 'Classes'}, h('header', {}, h('h2', {}, 'Classes'), h('span', {class: 'soft'}, `after epoch ${last.epoch}`)),
    h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': `Classes of trial ${number} after epoch ${last.epoch}`}, h('table', {},
      h('thead', {}, h('tr', {}, columns.map((name, index) => h('th', {scope: 'col', class: index ? 'num' : null}, name)))),
      h('tbody', {}, last.classes.map(one => h('tr', {}, cells(one).map((cell, index) => h(index ? 'td' : 'th', index ? {class: 'num'} : {scope: 'row'}, cell))))))),
    h('p', {class: 'small soft'}, 'Losses are plain means over the class’s rows, in training over those of the probe. Of many classes the 64 with the greatest losses are told.'),
    dataTable(`Classes of trial ${number}`, () => ({columns: ['epoch', ...columns], rows: readings.flatMap(reading => reading.classes.map(one => [reading.epoch, ...cells(one)]))})))
}

/** The pinned trials beside each other. */
export function compareView(store, selection) {
  const pins = () => selection.pins.filter(number => store.trials.has(number))
  const body = h('div')
  const curves = curvesPanel(store, selection, {only: pins, title: 'Curves of the pinned trials'})
  const update = () => {
    const trials = pins().map(number => store.trials.get(number))
    if (!trials.length) { fill(body, h('p', {class: 'empty'}, 'Pin trials in the table or by a click on their curves, and they stand here beside each other.')); return }
    const row = (name, value, compare = true) => {
      const cells = trials.map(value)
      const differs = compare && new Set(cells.map(String)).size > 1
      return h('tr', {}, h('th', {scope: 'row'}, name), cells.map(cell => h('td', {class: differs ? 'differs' : null}, cell)))
    }
    fill(body, h('section', {class: 'panel', 'aria-label': 'Comparison'}, h('header', {}, h('h2', {}, `${trials.length} trials beside each other`), h('button', {onclick: () => selection.set('pin', '')}, 'Unpin all')),
      h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Comparison of the pinned trials'}, h('table', {},
        h('thead', {}, h('tr', {}, h('th', {scope: 'col'}, 'trial'), trials.map((trial, index) => h('th', {scope: 'col'}, h('i', {class: 'dot', style: {background: CLASSES[index % CLASSES.length]}, 'aria-hidden': 'true'}), ' ',
          h('a', {href: sweepLink(store.name, ['trials', trial.trial])}, trial.trial), ' ', h('button', {class: 'plain', 'aria-label': `Unpin trial ${trial.trial}`, onclick: () => selection.toggle('pin', trial.trial)}, '×'))))),
        h('tbody', {}, row('place', trial => String(store.rows.get(trial.trial)?.place ?? '–'), false), row(store.definition.objective.metric, trial => sig(trial.objective), false), row('state', stateText, false), row('epochs', trial => trial.epochs, false),
          row('core time', trial => seconds(trial.core_seconds), false), row('finding', trial => trial.finding ? findingName(trial.finding.id) : '–', false),
          store.definition.parameters.map(parameter => row(parameter.name, trial => parameter.path in trial.configuration ? label(trial.configuration[parameter.path]) : '–')))))), curves.node)
    curves.update()
  }
  update()
  return {node: body, update}
}
