// A trial's configuration, changed and tried next: what `sweepd enqueue` does.
import {h, fill, announce} from './dom.js'
import {label} from './format.js'
import {ask, sweepPath} from './store.js'

/** A form that begins with a trial's values; only for who may steer, and not of a sweep that is cancelled. */
export function enqueuePanel(store, context) {
  const said = h('div'), node = h('section', {class: 'panel', 'aria-label': 'Try again with changes', hidden: true})
  let fields = null
  /** Whether a parameter is active as the others stand. */
  const counts = one => {
    const condition = one.parameter.condition
    if (!condition) return true
    const parent = fields.find(other => other.parameter.path === condition.path)
    return counts(parent) && parent.input.value === JSON.stringify(condition.option)
  }
  const arrange = () => { for (const one of fields) one.row.hidden = !counts(one) }
  const value = one => {
    const text = one.input.value.trim()
    if (one.parameter.kind === 'choice') return JSON.parse(text)
    // What is no number the coordinator refuses in its own words.
    return Number.isFinite(Number(text)) ? Number(text) : text
  }
  const make = configuration => {
    fields = store.definition.parameters.map(parameter => {
      const given = parameter.path in configuration ? configuration[parameter.path] : undefined
      const input = parameter.kind === 'choice'
        ? h('select', {onchange: arrange}, h('option', {value: ''}, 'drawn'), parameter.options.map(option => h('option', {value: JSON.stringify(option), selected: given !== undefined && JSON.stringify(option) === JSON.stringify(given)}, label(option))))
        : h('input', {type: 'text', inputmode: 'decimal', size: 14, placeholder: 'drawn', title: `from ${parameter.low} to ${parameter.high}`, value: given === undefined ? '' : String(given)})
      return {parameter, input, row: h('label', {title: parameter.path}, parameter.name, input)}
    })
    const more = h('input', {type: 'checkbox', checked: store.status?.state === 'finished'}), button = h('button', {class: 'primary'}, 'Try it next')
    const send = async event => {
      event.preventDefault()
      const wanted = {}
      for (const one of fields) if (counts(one) && one.input.value.trim() !== '') wanted[one.parameter.path] = value(one)
      button.disabled = true
      try {
        const status = await ask(`${sweepPath(store.name)}/enqueue`, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify({configurations: [wanted], more: more.checked})})
        const text = status.enqueued ? `It is enqueued: ${status.enqueued} wait${status.enqueued === 1 ? 's' : ''} to be tried next.` : 'It is begun.'
        fill(said, h('div', {class: 'notice'}, text))
        announce(text)
      } catch (error) { context.refused(error) || fill(said, h('div', {class: 'error', role: 'alert'}, error.message)) }
      button.disabled = false
    }
    fill(node, h('header', {}, h('h2', {}, 'Try again with changes'), h('span', {class: 'soft small'}, 'It comes before what the search proposes next; what is left empty is drawn.')),
      h('form', {class: 'row', 'data-key': 'enqueue', onsubmit: send}, fields.map(one => one.row), h('label', {}, more, 'one trial more'), button), said)
    arrange()
  }
  return {node, update: known => {
    node.hidden = context.role !== 'steer' || !store.status || store.status.state === 'cancelled'
    if (!node.hidden && !fields) make(known.configuration)
  }}
}
