// By what trials are coloured, and the legend that says so.
import {h} from './dom.js'
import {CLASSES, STATES, viridis, worth, theme, onScheme} from './color.js'
import {extent, quantile, parameterScale} from './scale.js'
import {label, short, bounds} from './format.js'
import {findingName, findingColor} from './findings.js'

export {findingName}
/** A finding's colour beside its words. */
export const findingDot = id => h('i', {class: 'dot', style: {background: findingColor(id)}, 'aria-hidden': 'true'})

/** {of(trial) → colour or null, legend() → node}. */
export function coloring(store, key, trials) {
  const definition = store.definition
  if (key === 'state') return classes(['running', 'completed', 'paused', 'waiting', 'pruned', 'failed'].map(one => [one, STATES[one], one]), trial => trial.state)
  if (key === 'finding') {
    const ids = [...new Set(trials.map(trial => trial.finding?.id).filter(Boolean))].sort()
    return classes([['none', '#8b939e', 'no finding'], ...ids.map(id => [id, findingColor(id), findingName(id)])], trial => trial.finding?.id ?? 'none')
  }
  if (key === 'worker') {
    const names = [...new Set(trials.flatMap(trial => trial.workers.at(-1) ?? []))].sort()
    return classes(names.map((name, index) => [name, CLASSES[index % CLASSES.length], name]), trial => trial.workers.at(-1))
  }
  if (key === 'objective') {
    const sorted = trials.map(trial => trial.objective).filter(Number.isFinite).sort((a, b) => a - b)
    // The worst tenth may be thousands of times worse: it shares the end of the scale.
    const low = store.direction > 0 ? sorted[0] : quantile(sorted, 0.1), high = store.direction > 0 ? quantile(sorted, 0.9) : sorted.at(-1)
    const at = value => high > low ? (value - low) / (high - low) : 0
    return numbers(at, trial => trial.objective, [low, high], definition.objective.metric, worth(store.direction))
  }
  const parameter = definition.parameters.find(one => one.path === key)
  if (parameter?.kind === 'choice') return classes(parameter.options.map((one, index) => [JSON.stringify(one), CLASSES[index % CLASSES.length], label(one)]), trial => key in trial.configuration ? JSON.stringify(trial.configuration[key]) : undefined)
  if (parameter) {
    const at = parameterScale(parameter, trials.map(trial => trial.configuration[key]))
    return numbers(value => at(value), trial => trial.configuration[key], at.domain, parameter.name + (at.log ? ' (log)' : ''))
  }
  return {of: () => theme().accent, legend: () => h('div', {class: 'legend'})}
}

function classes(entries, of) {
  const colors = new Map(entries)
  return {
    of: trial => colors.get(of(trial)) ?? null,
    legend: present => h('div', {class: 'legend'}, entries.filter(([key]) => !present || present.some(trial => of(trial) === key))
      .map(([, color, name]) => h('span', {}, h('i', {class: 'dot', style: {background: color}}), name))),
  }
}

function numbers(at, value, ends, name, shade = viridis) {
  const [low, high] = bounds(...ends, short)
  return {
    of: trial => { const one = value(trial); return typeof one === 'number' && Number.isFinite(one) ? shade(Math.max(0, Math.min(1, at(one)))) : null },
    legend: () => h('div', {class: 'legend'}, h('span', {}, name), h('span', {}, low, bar(shade), high)),
  }
}

/** The colours of a scale, from its low end to its high one. */
export function bar(shade) {
  const canvas = h('canvas', {width: 120, height: 10, 'aria-hidden': 'true'}), context = canvas.getContext('2d')
  canvas.paint = () => { for (let x = 0; x < 120; x++) { context.fillStyle = shade(x / 119); context.fillRect(x, 0, 1, 10) } }
  canvas.paint()
  return canvas
}
// Marks are drawn anew when the system's scheme changes: what says how to read them too.
onScheme(() => { for (const one of document.querySelectorAll('.legend canvas')) one.paint?.() })

/** The choices of a menu of colours. */
export const colorChoices = store => [['state', 'State'], ['objective', 'Objective'], ['finding', 'Finding'], ['worker', 'Worker'],
  ...store.definition.parameters.map(one => [one.path, one.name])]

export const menu = (name, value, choices, onchange) => h('label', {}, name, h('select', {'data-key': 'menu-' + name, onchange: event => onchange(event.target.value)},
  choices.map(([key, text]) => h('option', {value: key, selected: key === value}, text))))
