// What trials suffer from and what would mend them, and why one was proposed and went on or was stopped.
import {h, fill} from './dom.js'
import {sig, short, count, label} from './format.js'
import {ask, sweepPath, Refusal} from './store.js'
import {findingName, findingDot} from './coloring.js'
import {sweepLink} from './views.js'
import {awaited} from './notice.js'

const NAMED = 12, BOUNDS = {at_least: 'at least ', at_most: 'at most ', equal: ''}
const percent = share => `${Math.round(100 * share)} %`
const sentence = text => text && text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')
const trialLink = (store, number) => h('a', {href: sweepLink(store.name, ['trials', number])}, number)
/** Columns are [name, whether it is numeric, whether its cells are short words]. */
const table = (columns, rows) => h('table', {}, h('thead', {}, h('tr', {}, columns.map(([name, numeric]) => h('th', {scope: 'col', class: numeric ? 'num' : null}, name)))),
  h('tbody', {}, rows.map(cells => h('tr', {}, cells.map((cell, index) => h('td', {class: columns[index][1] ? 'num' : columns[index][2] ? null : 'wrap'}, cell))))))

/** Asks by `make` and shows its answer, or by `fail` why there is none, unless something newer was asked meanwhile; whether it failed of what passes, as a lost connection. */
function newest(make, show, fail) {
  let turn = 0
  return async () => {
    const mine = ++turn
    try {
      const made = await make()
      if (mine === turn) show(made)
      return false
    } catch (error) {
      if (mine !== turn) return false
      fail(error)
      return error instanceof Refusal && (!error.status || error.status >= 500)
    }
  }
}

/** A likely cause, with what speaks for it. */
const causeNode = cause => [h('div', {}, findingDot(cause.id), ' ', h('b', {}, cause.words), ` ${percent(cause.probability)}${cause.confirmed ? ', confirmed by experiment' : ''} `, h('span', {class: 'soft small'}, cause.id)),
  cause.evidence.length ? h('ul', {class: 'small soft'}, cause.evidence.slice(0, 4).map(one => h('li', {}, one))) : null]

/** What would mend it, and how it is said to the program. */
const remedyNode = ({remedy}) => [h('div', {}, sentence(remedy.text)), remedy.changes.map(change => h('div', {class: 'mono soft'}, `--set '${change}'`))]

/** The filters that show a region's trials and no others, as the address keeps them: [key, text]. */
export function regionFilters({conditions}, parameters) {
  const filters = new Map()
  for (const path of new Set(conditions.map(one => one.path))) {
    const known = parameters.find(one => one.path === path), own = conditions.filter(one => one.path === path)
    const meets = option => own.every(({bound, value}) => bound === 'equal' ? option === value : typeof option === 'number' && (bound === 'at_least' ? option >= value : option <= value))
    // Of a choice of numbers every option on that side; what is told with equal may be anything.
    const options = known?.kind === 'choice' ? known.options.filter(meets) : []
    if (known?.kind === 'choice') { filters.set('v:' + path, JSON.stringify(options.length ? options : own.map(one => one.value))); continue }
    const lows = own.filter(one => one.bound !== 'at_most').map(one => one.value), highs = own.filter(one => one.bound !== 'at_least').map(one => one.value)
    filters.set('b:' + path, [lows.length ? Math.max(...lows) : known?.low ?? -Number.MAX_VALUE, highs.length ? Math.min(...highs) : known?.high ?? Number.MAX_VALUE].join('~'))
  }
  return filters
}

/** What all trials of a sweep suffer from; looked at when it is opened, and again when asked. */
export function findingsView(store, selection) {
  const body = h('div', {}, h('p', {class: 'empty', role: 'status'}, 'Looking at every curve …')), summary = h('span', {class: 'soft small'})
  const parameter = path => store.definition.parameters.find(one => one.path === path)
  /** The region in a sentence, its parameters by the names that tell them from all others of the sweep. */
  const regionText = ({conditions, sick, inside, words, sick_in_all: sickInAll, all, chance}) => `${count(sick)} of the ${count(inside)} trials with `
    + conditions.map(one => `${parameter(one.path)?.name ?? one.path} ${BOUNDS[one.bound]}${label(one.value)}`).join(' and ')
    + `: ${words} (${count(sickInAll)} of ${count(all)} in all; by chance ${chance < 1e-12 ? 'below 1e-12' : short(chance, 1)})`
  /** The trials of a part of the space, by the filters that all views share, in place of those that were set: nobody sees them here. */
  const showRegion = region => {
    selection.unfilter()
    for (const [key, text] of regionFilters(region, store.definition.parameters)) selection.query.set(key, text)
    selection.set('view', 'parameters')
  }
  const show = told => {
    fill(summary, told.trials ? `${count(told.sound)} of ${count(told.trials)} trained trials show no fault` : '')
    if (!told.trials) { fill(body, h('p', {class: 'empty'}, awaited(store, 'No trial has trained an epoch yet.', 'No trial trained an epoch.'))); return }
    fill(body, told.regions.length ? [h('h3', {}, 'Where'), h('ul', {class: 'plain'}, told.regions.map(region => h('li', {}, findingDot(region.symptom), ' ', regionText(region), ' ',
      h('button', {class: 'plain', onclick: () => showRegion(region), 'aria-label': `Show them: ${regionText(region)}`}, 'Show them'))))] : null,
    told.experiments?.length ? [h('h3', {}, 'Experiments'), h('ul', {class: 'plain'}, told.experiments.map(one => h('li', {}, 'Trial ', trialLink(store, one.trial), `, ${one.sweeps.join(', ')}: `,
      one.state === 'over' ? one.sentences.join('; ') || 'nothing is left of it' : 'under way')))] : null,
    told.groups.length ? h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Trials by what they suffer from'},
      table([['trials', 1], ['verdict'], ['which', 0], ['the first one’s likeliest cause'], ['what would mend it']], told.groups.map(group => [count(group.count), group.verdict,
        [group.trials.slice(0, NAMED).map((number, index) => [index ? ', ' : '', trialLink(store, number)]), group.count > NAMED ? ` and ${count(group.count - NAMED)} more` : ''],
        group.cause ? causeNode(group.cause) : 'none is likely enough', group.cause ? remedyNode(group.cause) : ''])))
      : h('p', {class: 'soft'}, 'Nothing that asks for a cause.'),
    h('p', {class: 'small soft'}, 'A cause is what curve, readings and specification make likely; ', h('code', {class: 'mono'}, `sweepd diagnose ${store.name} --trial N --confirm`), ' finds it by experiment. Seen when this was opened: trials that go on may show more.'))
  }
  const look = newest(() => ask(sweepPath(store.name) + '/findings'), show, error => { fill(summary); fill(body, h('div', {class: 'error', role: 'alert'}, error.message)) })
  look()
  return {node: h('section', {class: 'panel', 'aria-label': 'Findings'}, h('header', {}, h('h2', {}, 'What trials suffer from'), summary, h('button', {class: 'plain', onclick: look}, 'Again')), body)}
}

function diagnosisNode(store, told) {
  const report = told.trials[0]
  if (!report) return h('p', {class: 'soft'}, awaited(store, 'It has trained no epoch yet.', 'It trained no epoch.'))
  const sound = report.verdict_kind === 'no_fault', first = report.causes[0]
  return [h('p', {}, h('b', {}, sentence(report.verdict))),
    report.symptoms.length ? [h('h3', {}, sound ? 'Remarks' : 'Symptoms'), h('ul', {class: 'plain'}, report.symptoms.map(one => h('li', {}, findingDot(one.id), ' ', h('b', {}, findingName(one.id)), one.since_epoch ? ` from epoch ${one.since_epoch}: ` : ': ', one.evidence, ' ', h('span', {class: 'soft small'}, one.id))))] : null,
    report.causes.length ? [h('h3', {}, 'Likely causes'), h('ul', {class: 'plain'}, report.causes.slice(0, 4).map(cause => h('li', {}, causeNode(cause))))] : null,
    first && !sound ? [h('h3', {}, 'What would mend it'), remedyNode(first)] : null,
    report.in_sweep?.length ? [h('h3', {}, 'What did better in this sweep'), h('ul', {class: 'plain'}, report.in_sweep.map(one => h('li', {}, 'Trial ', trialLink(store, one.trial),
      `, with ${store.definition.parameters.find(known => known.path === one.path)?.name ?? one.path} ${label(one.to)} in place of ${label(one.from)} alone: ${report.metric} ${sig(one.value, 3)} (one run)`)))] : null,
    report.unknown.length || report.not_judged.length ? h('details', {class: 'data'}, h('summary', {}, 'Not known'), h('ul', {}, [...report.unknown, ...report.not_judged.map(one => `${findingName(one.id)}: ${one.reason}`)].map(one => h('li', {}, one)))) : null]
}

const VERDICTS = {stopped: 'stopped', completed: 'completed', waits: 'waits', lost: 'has no number', hopeless: 'cannot recover'}

/** What a trial was stopped for that cannot recover. */
export function hopelessText({kind, epoch, metric, value, start, start_is_chance: isChance, epochs}) {
  const seen = `Stopped at epoch ${epoch}: ${metric} ${kind === 'dead' ? 'is ' : ''}${sig(value)}`
  return kind === 'dead' ? `${seen} to the last bit since the first epoch, for ${epochs} epochs: nothing is learnt.`
    : `${seen} is ${sig(value / start, 2)} times ${isChance ? 'the loss of guessing' : 'its start'}, ${sig(start)}, and in ${epochs} epochs it has not come back and gets no lower.`
}

function explanationNode(store, told) {
  const {proposal} = told, metric = told.objective.metric
  return [h('p', {}, `Proposed: ${proposal.text}.`),
    proposal.priors ? h('p', {class: 'small soft'}, `Prior: as likely as in an even draw times ${proposal.priors.map(one => `${store.definition.parameters.find(known => known.path === one.path)?.name ?? one.path} ${one.log_density === null ? '0' : `e^${one.log_density.toFixed(2)}`}`).join(', ')}.`) : null,
    told.picked ? h('p', {class: 'small soft'}, `The search is auto: ${told.method}, as ${told.picked}.`) : null,
    proposal.first_run !== told.trial ? h('p', {}, 'It repeats the configuration of trial ', trialLink(store, proposal.first_run), ' with another seed.') : null,
    h('p', {class: 'small soft'}, `Known then: ${count(proposal.results)} ${proposal.because === 'finalist' ? 'runs of finalists' : 'trials'} with a result, ${count(proposal.pending)} without.`),
    proposal.neighbours.length ? h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Nearest trials then'}, table([['nearest trial', 1], ['distance, of 1', 1], ['at epoch', 1], [metric, 1]], proposal.neighbours.map(one => [trialLink(store, one.trial), one.distance.toFixed(3), one.epoch, sig(one.objective)]))) : null,
    h('h3', {}, 'What was decided'),
    told.hopeless ? h('p', {}, hopelessText(told.hopeless)) : null,
    told.levels.length ? h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Decisions'}, table([['at epoch', 1], ['verdict', 0, 1], [metric, 1], ['place', 1], ['best', 1], ['median', 1], ['went on before', 1]], told.levels.map(one => [one.epoch, one.verdict === 'promoted' ? `went on to ${one.to}` : VERDICTS[one.verdict] ?? label(one.verdict),
      sig(one.objective), `${one.place} of ${one.of}`, sig(one.best), sig(one.median), one.went_on]))) : told.hopeless ? null : h('p', {class: 'soft'}, 'Nothing was decided of it yet.'),
    told.levels.length ? h('p', {class: 'small soft'}, `Rule: ${told.rule}.${told.rule_picked ? ` It is auto, as ${told.rule_picked}.` : ''}`) : null]
}

const spread = ({mean, deviation, not_finite}) => mean == null ? 'no number' : sig(mean, 3) + (deviation == null ? '' : ` ± ${sig(deviation, 2)}`) + (not_finite ? ` (${not_finite} without a number)` : '')
const signed = value => (value > 0 ? '+' : '') + sig(value, 3)

/** What each arm did, beside the one that changes nothing. */
function comparisonNode(told) {
  const {metric, direction} = told.objective, moved = value => signed(direction === 'minimize' ? -value : value)
  const first = told.arms.find(arm => arm.pairs)
  const row = arm => [arm.arm, Object.entries(arm.changes).map(([path, value]) => h('div', {class: 'mono'}, `${path} = ${value}`)), ...!arm.pairs ? ['', '', '', '', '', 'no pair of runs yet'] : [
    spread(arm.changed), arm.change_percent == null ? moved(arm.gain) : `${signed(arm.change_percent)} %`,
    arm.interval_percent ? arm.interval_percent.map(signed).join(' to ') + ' %' : arm.interval ? arm.interval.map(moved).join(' to ') : '',
    `${arm.improved} of ${arm.pairs}`, sig(arm.p, 2), arm.verdict]]
  return [told.from_epoch ? h('p', {class: 'small soft'}, `Arms part at epoch ${told.from_epoch}; what lies before was trained once.`) : null,
    h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': `Arms of ${told.sweep}`}, table([['arm', 0, 1], ['changes'], [metric, 1], ['change', 1], ['95 % interval', 1], ['better in', 1], ['p', 1], ['verdict', 0, 1]],
      [[told.base, 'nothing', first ? spread(first.base) : '', '', '', '', '', ''], ...told.arms.map(row)]))]
}

/** The arms of a sweep that has some; null for others. */
export function armsPanel(store) {
  if (!store.definition.parameters.some(one => one.path === 'arm')) return null
  const body = h('div', {}, h('p', {class: 'soft', role: 'status'}, 'Looking …'))
  const compare = newest(() => comparisonOf(store.name), told => fill(body, comparisonNode(told)), error => fill(body, h('p', {class: 'soft'}, error.message)))
  let asked = null, later = null, cost = 0
  const look = async () => {
    if (document.hidden) return lookSoon()
    const stamp = store.status ? JSON.stringify(store.status.trials) : 'none', begun = performance.now()
    if (asked === stamp) return
    asked = stamp
    const again = await compare()
    cost = performance.now() - begun
    if (again && asked === stamp) asked = null
  }
  /** Every end of a trial may move it: as often as it takes, like the ranking, and not where it was left. */
  const lookSoon = () => { later ??= setTimeout(() => { later = null; if (body.isConnected) look() }, Math.max(1500, cost * 20)) }
  look()
  return {update: lookSoon, node: h('section', {class: 'panel', 'aria-label': 'Arms'}, h('header', {}, h('h2', {}, 'What each arm did'), h('span', {class: 'soft small'}, 'over runs that share their seeds')), body)}
}

/** The number of the sweep that has a name now. Names are given again after `delete`, numbers are not: what is older than it meant another one. */
const numberOf = (name, sweeps) => sweeps.find(one => one.sweep === name)?.number

/** Those of `sweeps`, as the list tells them, that are parts of experiments on a trial. */
export function experimentsOn(sweeps, sweep, trial) {
  const begun = numberOf(sweep, sweeps)
  return sweeps.filter(({number, experiment}) => experiment?.sweep === sweep && experiment.trial === trial && number > begun)
}

/** The names of the other parts of an experiment's round, whose arms count in the correction of p too; `sweeps` as the list tells them. */
export function otherParts(name, sweeps) {
  const own = sweeps.find(one => one.sweep === name)?.experiment
  if (!own) return []
  const begun = numberOf(own.first, sweeps), isSince = number => number >= begun, isOwn = isSince(numberOf(name, sweeps))
  return sweeps.filter(({sweep, number, experiment}) => sweep !== name && experiment?.first === own.first && experiment.round === own.round && experiment.sweep === own.sweep && experiment.trial === own.trial && isSince(number) === isOwn).map(one => one.sweep)
}

/** What the arms of a sweep come to, corrected over all arms of its round as the experiment itself did. */
async function comparisonOf(name, sweeps) {
  sweeps ??= (await ask('/sweeps')).sweeps
  const others = otherParts(name, sweeps)
  return ask(`${sweepPath(name)}/comparison${others.length ? '?with=' + encodeURIComponent(others.join(',')) : ''}`)
}

/** The experiments on a trial, each with its arms; nothing where there is none. */
async function experimentsNode(store, number) {
  const {sweeps} = await ask('/sweeps'), found = experimentsOn(sweeps, store.name, number)
  return Promise.all(found.map(async one => [h('h3', {}, h('a', {href: sweepLink(one.sweep)}, one.sweep), h('span', {class: 'soft'}, ` ${one.state}`)),
    await comparisonOf(one.sweep, sweeps).then(comparisonNode, error => h('p', {class: 'soft'}, error.message))]))
}

/** What a trial suffers from, and why it was proposed and went on or was stopped: looked at when it comes to a rung or an end. */
export function reasonsPanels(store, number) {
  const panel = (title, part, make) => {
    const body = h('div', {}, h('p', {class: 'soft', role: 'status'}, 'Looking …'))
    const look = newest(() => ask(`${sweepPath(store.name)}/trials/${number}/${part}`), told => fill(body, make(told)), error => fill(body, h('p', {class: 'soft'}, error.message)))
    return {look, node: h('section', {class: 'panel', 'aria-label': title}, h('header', {}, h('h2', {}, title), h('button', {class: 'plain', onclick: look, 'aria-label': `${title}: look again`}, 'Again')), body)}
  }
  const panels = [panel('Diagnosis', 'diagnosis', told => diagnosisNode(store, told)), panel('Why it was tried, and what became of it', 'explanation', told => explanationNode(store, told))]
  const experiments = h('section', {class: 'panel', 'aria-label': 'Experiments', hidden: true})
  const lookForExperiments = newest(() => experimentsNode(store, number), made => {
    experiments.hidden = !made.length
    fill(experiments, h('header', {}, h('h2', {}, 'Experiments on this trial'), h('button', {class: 'plain', onclick: lookForExperiments, 'aria-label': 'Experiments: look again'}, 'Again')), made)
  }, () => { /* what was shown stays */ })
  let asked = null
  return {node: h('div', {}, h('div', {class: 'two'}, panels.map(one => one.node)), experiments), update() {
    const trial = store.trials.get(number), stamp = trial && `${trial.state} ${trial.rung} ${trial.goal}`
    if (!trial || asked === stamp) return
    asked = stamp
    for (const look of [...panels.map(one => one.look), lookForExperiments]) look().then(again => { if (again && asked === stamp) asked = null })
  }}
}
