// What the rows of a sweep look like: classes, columns, pictures, and what the checks of data found.
import {h, s, fill} from './dom.js'
import {count, short, percent} from './format.js'
import {ask, sweepPath} from './store.js'
import {findingName, findingDot} from './coloring.js'

const WIDTH = 244, HEIGHT = 64, PARTS = [['training', '#0072b2'], ['validation', '#e69f00'], ['test', '#009e73']]
const plural = (number, one, more = one + 's') => `${count(number)} ${number === 1 ? one : more}`
const day = value => { const date = new Date(value * 86400000); return Number.isNaN(date.getTime()) ? short(value) : date.toISOString().slice(0, 10) }
const clock = value => new Date(Math.round(value) * 1000).toISOString().slice(11, 19)
const TEXT = {day, second: clock}
/** A value of a column as its kind is read; whole numbers with all their digits. */
const written = kind => TEXT[kind] ?? (value => Number.isInteger(value) && Math.abs(value) < 1e7 ? String(value) : short(value))
/** A share of rows; one that is there is never 0 %. */
const part = (some, all) => some && some < all / 200 ? '< 1 %' : percent(some, all)
const bytesOf = text => Uint8Array.from(atob(text), one => one.charCodeAt(0))

/** What a bin holds: a single value says itself, whole numbers both ends. */
const binName = (bin, text) => bin.from === bin.to ? text(bin.from) : `${text(bin.from)} – ${text(bin.to)}`

function histogram(bins, kind) {
  const text = written(kind), most = Math.max(1, ...bins.map(bin => bin.count)), room = WIDTH / Math.max(1, bins.length)
  const highest = bins.reduce((best, bin) => bin.count > (best?.count ?? -1) ? bin : best, null)
  const name = !bins.length ? 'no values' : bins.length === 1 ? `${plural(bins[0].count, kind === 'pixel' ? 'value' : 'row')}, all ${binName(bins[0], text)}`
    : `Histogram from ${text(bins[0].from)} to ${text(bins.at(-1).to)}; most, ${count(highest.count)}, at ${binName(highest, text)}`
  return [s('svg', {width: '100%', height: HEIGHT, viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': name, class: 'bars'},
    bins.map((bin, index) => { const high = bin.count ? Math.max(1.5, (HEIGHT - 2) * bin.count / most) : 0; return s('rect', {x: (index * room + 0.5).toFixed(1), y: (HEIGHT - high).toFixed(1), width: Math.max(1, bins.length > 1 ? room - 1 : 60).toFixed(1), height: high.toFixed(1)}, s('title', {}, `${binName(bin, text)}: ${count(bin.count)}`)) })),
  h('div', {class: 'row spread small soft'}, bins.length > 1 ? [h('span', {}, text(bins[0].from)), h('span', {}, text(bins.at(-1).to))] : h('span', {}, bins.length ? `all ${binName(bins[0], text)}` : 'no values'))]
}

const far = (outliers, kind) => outliers ? h('p', {class: 'small bad'}, `${plural(outliers.count, 'far value')} not drawn: ${outliers.count === 1 || outliers.least === outliers.greatest ? written(kind)(outliers.least) : `${written(kind)(outliers.least)} to ${written(kind)(outliers.greatest)}`}`) : null

function categories(column, rows) {
  const list = [...column.categories.map(one => [one.label || '(empty)', one.count]), column.others.kinds ? [`${plural(column.others.kinds, 'other', 'others')}`, column.others.count, 1] : null, column.none ? ['none of these', column.none, 1] : null].filter(Boolean)
  const most = Math.max(1, ...list.map(([, number]) => number))
  return h('table', {class: 'tight'}, h('tbody', {}, list.map(([name, number, soft]) => h('tr', {}, h('th', {scope: 'row', class: soft ? 'soft' : null}, name),
    h('td', {}, h('span', {class: 'bar', style: {width: '72px'}, 'aria-hidden': 'true'}, h('i', {style: {width: 100 * number / most + '%'}}))), h('td', {class: 'num'}, count(number)), h('td', {class: 'num soft'}, part(number, rows))))))
}

function columnNode(column, rows) {
  const words = {number: null, category: 'categories', bucket: 'hashed categories', day: 'dates', second: 'times of day', pixel: null}[column.kind]
  return h('div', {class: 'column'}, h('h3', {}, column.name, words ? h('span', {class: 'soft', style: {'font-weight': 400}}, ' ', words) : null),
    column.bins ? [histogram(column.bins, column.kind), far(column.outliers, column.kind)] : categories(column, rows),
    column.missing ? h('p', {class: 'small'}, column.kind === 'pixel' ? plural(column.missing, 'missing value') : `missing in ${plural(column.missing, 'row')} (${part(column.missing, rows)})`) : null)
}

function targetPanel(told) {
  const {target} = told
  if (!target.classes) return h('section', {class: 'panel', 'aria-label': 'Target'}, h('header', {}, h('h2', {}, `Target: ${target.name}`), h('span', {class: 'soft small'}, `of ${plural(told.judged_rows, 'training row')}`)),
    h('div', {class: 'target'}, histogram(target.bins, 'number'), far(target.outliers, 'number')))
  const rest = target.classes_total - target.classes.length, list = [...target.classes, ...target.others ? [{label: plural(rest, 'other class', 'other classes'), ...target.others}] : []]
  const all = one => PARTS.reduce((sum, [which]) => sum + one[which], 0), most = Math.max(1, ...list.map(all)), training = list.reduce((sum, one) => sum + one.training, 0)
  return h('section', {class: 'panel', 'aria-label': 'Target'}, h('header', {}, h('h2', {}, `Target: ${target.name}`), h('span', {class: 'soft small'}, plural(target.classes_total, 'class', 'classes'))),
    h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Rows of each class'}, h('table', {},
      h('thead', {}, h('tr', {}, ['class', '', ...PARTS.map(([which]) => which), 'of training rows'].map((name, index) => index === 1 ? h('th', {scope: 'col'}, h('span', {class: 'hidden'}, 'picture')) : h('th', {scope: 'col', class: index > 1 ? 'num' : null}, name)))),
      h('tbody', {}, list.map(one => h('tr', {}, h('th', {scope: 'row'}, one.label),
        h('td', {}, h('span', {class: 'bar', style: {width: '160px', display: 'inline-flex'}, 'aria-hidden': 'true'}, PARTS.map(([which, color]) => h('i', {style: {width: 100 * one[which] / most + '%', background: color}})))),
        PARTS.map(([which]) => h('td', {class: 'num'}, count(one[which]))), h('td', {class: 'num'}, part(one.training, training))))))),
    h('div', {class: 'legend'}, PARTS.map(([which, color]) => h('span', {}, h('i', {class: 'dot', style: {background: color}}), which))))
}

/** What the pictures are, exactly. */
function picturesCaption({groups, classes_total, height, width, channels, shown}) {
  const each = groups[0]?.pictures.length ?? 0, numbers = groups[0]?.label == null
  const what = numbers ? `${plural(each, 'training picture')}, from the least target to the greatest`
    : `${each === 1 ? 'one training picture' : `${count(each)} training pictures`} of each of ${groups.length < classes_total ? `the first ${groups.length} of ${count(classes_total)}` : `all ${count(classes_total)}`} classes that have training rows`
  const size = `${height} × ${width} pixels` + (channels === 3 ? ' in colour' : channels === 1 ? ', grey' : `, the first of ${channels} channels`)
  return `${what}; ${size}` + (shown.height < height || shown.width < width ? `, shown as means in ${shown.height} × ${shown.width}` : '')
}

function picture(one, pictures, name) {
  const {height, width, channels} = pictures.shown, bytes = bytesOf(one.bytes), scale = Math.max(1, Math.round(44 / Math.max(height, width)))
  const canvas = h('canvas', {width, height, role: 'img', 'aria-label': `${name}, row ${one.row}`, title: `row ${one.row}`, style: {width: width * scale + 'px', height: height * scale + 'px'}})
  const context = canvas.getContext('2d'), image = context.createImageData(width, height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) image.data[4 * pixel + channel] = bytes[channels === 3 ? 3 * pixel + channel : pixel]
    image.data[4 * pixel + 3] = 255
  }
  context.putImageData(image, 0, 0)
  return canvas
}

function picturesPanel({pictures, target}) {
  if (!pictures) return null
  return h('section', {class: 'panel', 'aria-label': 'Pictures'}, h('header', {}, h('h2', {}, 'Pictures')), h('figure', {class: 'samples'},
    pictures.groups.map(group => h('div', {class: 'group'}, group.label == null ? null : h('h3', {}, group.label),
      h('div', {class: 'row'}, group.pictures.map(one => one.target == null ? picture(one, pictures, `${target.name} ${group.label}`) : h('div', {}, picture(one, pictures, `${target.name} ${short(one.target)}`), h('div', {class: 'small soft'}, short(one.target))))))),
    h('figcaption', {class: 'small soft'}, picturesCaption(pictures) + `. Black is ${short(pictures.black)}, white ${short(pictures.white)}.`)))
}

const SEVERITY = {fault: ['fault', '#d55e00'], warning: ['warning', '#e69f00'], note: ['note', '#7f8894']}

function findingsPanel({findings}) {
  return h('section', {class: 'panel', 'aria-label': 'Findings of the data checks'}, h('header', {}, h('h2', {}, 'What the checks found'), h('span', {class: 'soft small'}, findings.length ? plural(findings.length, 'finding') : 'nothing')),
    findings.length ? h('ul', {class: 'plain'}, findings.map(one => h('li', {}, h('div', {}, h('span', {class: 'chip'}, h('i', {class: 'dot', style: {background: SEVERITY[one.severity][1]}}), SEVERITY[one.severity][0]), ' ', findingDot(one.id), ' ', h('b', {}, findingName(one.id)), ' ', h('span', {class: 'soft small'}, one.id)), h('div', {}, one.text),
      one.examples.length ? h('div', {class: 'small'}, `such as ${one.examples.join('; ')}`) : null, h('div', {class: 'small soft'}, one.remedy)))) : h('p', {class: 'soft'}, 'No leak, no copies, no far values, no doubtful labels: nothing that the checks look for.'))
}

/** The view of a sweep's rows; they do not change, so it asks once. */
export function dataView(store) {
  const node = h('div', {}, h('p', {class: 'empty', role: 'status'}, 'The rows are looked through …'))
  const show = told => {
    if (told.reason) { fill(node, h('p', {class: 'empty'}, `${told.reason}.`)); return }
    const {rows} = told, pixels = told.columns[0]?.kind === 'pixel', more = told.columns_total - told.columns.length
    const judged = told.judged_rows < rows.training ? `a sample of ${plural(told.judged_rows, 'training row')}` : `all ${plural(told.judged_rows, 'training row')}`
    fill(node, h('section', {class: 'panel', 'aria-label': 'Rows'}, h('header', {}, h('h2', {}, 'Rows'), h('span', {class: 'soft small'}, told.task === 'regression' ? 'a number is predicted' : 'a class is predicted')),
      h('dl', {class: 'facts'}, [['Training', rows.training], ['Validation', rows.validation], ['Test', rows.test], [pixels ? 'Values a picture' : 'Columns', told.columns_total]].map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, count(value))))),
      told.folds > 1 ? h('p', {class: 'small soft'}, `Of ${told.folds} folds this is the first.`) : null),
    findingsPanel(told), targetPanel(told), picturesPanel(told),
    h('section', {class: 'panel', 'aria-label': 'Columns'}, h('header', {}, h('h2', {}, pixels ? 'Values' : 'Columns'), h('span', {class: 'soft small'}, (pixels ? '' : `of ${judged}`) + (more > 0 && !pixels ? `; the first ${told.columns.length} of ${count(told.columns_total)} columns` : ''))),
      h('div', {class: 'slices'}, told.columns.map(column => columnNode(column, told.judged_rows)))))
  }
  const look = async () => {
    try { show(await ask(sweepPath(store.name) + '/data')) } catch (error) {
      fill(node, h('div', {class: 'error', role: 'alert'}, error.message), h('button', {onclick: look}, 'Again'))
    }
  }
  look()
  return {node}
}
