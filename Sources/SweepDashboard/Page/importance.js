// Which parameters matter: shares of the variance, what tells the best apart, and what to do with ranges.
import {h, s, fill} from './dom.js'
import {sig, label} from './format.js'
import {ask, sweepPath} from './store.js'

const WIDTH = 132, HEIGHT = 26, BLUE = '#0072b2'

/** The mean objective over a parameter's values, in a picture as large as a word. */
function curve({marginal}) {
  const values = marginal.map(point => point.objective), low = Math.min(...values), high = Math.max(...values)
  const x = index => 3 + (WIDTH - 6) * (values.length > 1 ? index / (values.length - 1) : 0.5)
  const y = value => high > low ? HEIGHT - 4 - (HEIGHT - 8) * (value - low) / (high - low) : HEIGHT / 2
  const first = marginal[0], last = marginal[marginal.length - 1]
  const text = `mean objective over ${label(first.value)} to ${label(last.value)}: from ${sig(first.objective, 3)} to ${sig(last.objective, 3)}, ${sig(low, 3)} at least, ${sig(high, 3)} at most`
  const isNumeric = marginal.every(point => typeof point.value === 'number')
  return s('svg', {width: WIDTH, height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': text}, s('title', {}, text),
    isNumeric && values.length > 8
      ? s('polyline', {points: values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' '), fill: 'none', stroke: BLUE, 'stroke-width': 1.5})
      : values.map((value, index) => s('circle', {cx: x(index).toFixed(1), cy: y(value).toFixed(1), r: 2.5, fill: BLUE})))
}

const percent = share => share == null ? '' : (100 * share).toFixed(1) + ' %'
const share = value => value == null ? '' : [h('span', {class: 'bar', style: {width: '64px', display: 'inline-flex'}, 'aria-hidden': 'true'}, h('i', {style: {width: Math.min(100, 100 * value) + '%', background: BLUE}})), ' ', percent(value)]

export function importancePanel(store) {
  const body = h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Importance of parameters'}), summary = h('span', {class: 'soft small'})
  const named = path => store.definition.parameters.find(one => one.path === path)?.name ?? path
  const metrics = h('select', {'aria-label': 'Importance for', onchange: () => look()}, [store.definition.objective.metric, ...store.definition.metrics.filter(one => one !== store.definition.objective.metric)].map(one => h('option', {value: one}, one)))
  const show = told => {
    fill(summary, `${told.configurations} configurations${told.compared_at ? `, at epoch ${told.compared_at}` : ''}${told.explained == null ? '' : `; a forest explains ${percent(Math.max(0, told.explained))} of results it has not seen`}`)
    fill(body,
      h('table', {}, h('thead', {}, h('tr', {}, ['parameter', 'share of variance', 'among the best', 'mean objective over its range'].map(name => h('th', {scope: 'col'}, name)))),
        h('tbody', {}, told.parameters.map(one => h('tr', {}, h('td', {title: one.path}, named(one.path)), h('td', {}, share(one.variance)), h('td', {}, share(one.among_best)), h('td', {}, curve(one)))))),
      told.pairs.length ? h('p', {class: 'small'}, 'Together: ', told.pairs.slice(0, 5).map((pair, index) => [index ? ', ' : '', `${named(pair.first)} × ${named(pair.second)} ${percent(pair.variance)}`])) : null,
      told.advice.length ? h('ul', {}, told.advice.map(one => h('li', {}, one.text))) : null)
  }
  let asked = 0
  const look = async () => {
    const mine = ++asked
    try {
      const told = await ask(`${sweepPath(store.name)}/importance?metric=${encodeURIComponent(metrics.value)}`)
      if (mine === asked) show(told)
    } catch (error) { if (mine === asked) { fill(summary); fill(body, h('p', {class: 'empty'}, error.message)) } }
  }
  fill(body, h('p', {class: 'empty'}, 'Looking …'))
  look()
  return {node: h('section', {class: 'panel', 'aria-label': 'Importance'}, h('header', {}, h('h2', {}, 'What matters'), summary, metrics, h('button', {class: 'plain', onclick: look}, 'Again')), body)}
}
