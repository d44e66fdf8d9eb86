// What the page knows: one connection, the sweep that is looked at, and the state of the page that the address keeps.

export class Refusal extends Error {
  constructor(status, code, message) { super(message); this.status = status; this.code = code }
}

/** Asks the API; throws a Refusal with the coordinator's own sentence. */
export async function ask(path, {method = 'GET', headers = {}, body} = {}) {
  let reply
  try { reply = await fetch('/api/v1' + path, {method, body, headers: method === 'POST' ? {'Sweepd-Request': '1', ...headers} : headers}) } catch {
    throw new Refusal(0, 'unreachable', 'The coordinator does not answer.')
  }
  const json = await reply.json().catch(() => null)
  if (!reply.ok) throw new Refusal(reply.status, json?.error?.code ?? 'unknown', json?.error?.message ?? reply.statusText)
  return json
}

export const sweepPath = name => '/sweeps/' + encodeURIComponent(name)

/** A stream of events that comes back by itself; it rests while nobody sees the page, as browsers have few connections. */
export class Stream {
  constructor(path, kind, onMessage, onState) {
    Object.assign(this, {path, kind, onMessage, onState})
    this.visibility = () => document.hidden ? this.close() : this.open()
    document.addEventListener('visibilitychange', this.visibility)
    this.open()
  }

  open() {
    if (this.source || this.ended) return
    this.source = new EventSource('/api/v1' + this.path)
    this.source.addEventListener(this.kind, event => { this.onState('live'); this.onMessage(JSON.parse(event.data)) })
    this.source.onerror = () => {
      this.onState('lost')
      // A browser tries again by itself, but for refusals.
      if (this.source?.readyState === EventSource.CLOSED) { this.close(); clearTimeout(this.again); this.again = setTimeout(() => this.open(), 3000) }
    }
  }

  close() { this.source?.close(); this.source = null }
  end() { this.ended = true; clearTimeout(this.again); this.close(); document.removeEventListener('visibilitychange', this.visibility) }
}

/** One sweep: its definition, its trials by number, its ranking, all kept up to date. */
export class SweepStore {
  constructor(name, onState) {
    this.name = name
    this.trials = new Map()
    this.rows = new Map()
    this.loaded = new Set()
    this.listeners = new Set()
    this.version = null
    this.revision = 0
    this.onState = onState
  }

  async open(metric) {
    const [definition, trials] = await Promise.all([
      ask(sweepPath(this.name)),
      ask(`${sweepPath(this.name)}/trials${metric ? '?metrics=' + encodeURIComponent(metric) : ''}`).catch(error => { if (metric && error.status === 400) return ask(sweepPath(this.name) + '/trials'); throw error }),
    ])
    this.definition = definition
    this.direction = definition.objective.direction === 'maximize' ? -1 : 1
    this.take(trials)
    for (const one of trials.metrics) this.loaded.add(one)
    this.stream = new Stream(sweepPath(this.name) + '/events', 'sweep', message => this.message(message), this.onState)
    this.refreshRank()
    return this
  }

  close() { this.stream?.end(); clearTimeout(this.rankLater); this.listeners.clear() }

  onChange(work) { this.listeners.add(work); return () => this.listeners.delete(work) }
  changed(what) { this.revision++; for (const work of this.listeners) work(what) }

  async message({version, status, trials}) {
    const begun = !this.status
    this.status = status
    if (trials && this.version !== trials.since || version !== this.version && !trials) await this.catchUp()
    else if (trials) { this.take(trials); this.refreshRankSoon() }
    this.changed(trials || begun ? 'trials' : 'status')
  }

  /** What was missed since the version that is known. */
  async catchUp() {
    if (this.catching) return
    this.catching = true
    try {
      this.take(await ask(`${sweepPath(this.name)}/trials?since=${encodeURIComponent(this.version ?? '')}`))
      this.refreshRankSoon()
    } catch { /* the stream tells of a lost connection */ } finally { this.catching = false }
  }

  take(document) {
    // All of them: a coordinator that was started again knows nothing of older versions.
    if (document.since == null && document.metrics.length > 1 && this.version) this.trials.clear()
    for (const row of document.trials) {
      const trial = this.trials.get(row.trial) ?? {curves: {}}
      const curves = trial.curves
      document.metrics.forEach((metric, index) => {
        if (this.version && !this.loaded.has(metric) && document.metrics.length > 1) return
        const known = curves[metric] ?? (curves[metric] = [])
        const first = row.first_epoch - 1
        if (first > known.length) { this.loaded.delete(metric); return }
        known.length = first
        for (const value of row.values[index]) known.push(value)
      })
      delete row.values
      this.trials.set(row.trial, Object.assign(trial, row, {reason: row.reason, stopped: row.stopped, smooth: {}}))
    }
    this.version = document.version
    this.sorted = null
  }

  /** Sees to it that a metric's curves are here. */
  async need(metric) {
    if (this.loaded.has(metric) || !this.definition.metrics.includes(metric)) return
    this.loaded.add(metric)
    try {
      const document = await ask(`${sweepPath(this.name)}/trials?metrics=${encodeURIComponent(metric)}`)
      for (const row of document.trials) {
        const trial = this.trials.get(row.trial)
        if (trial && !(trial.curves[metric]?.length > row.values[0].length)) trial.curves[metric] = row.values[0]
      }
      this.changed('trials')
    } catch (error) { this.loaded.delete(metric); throw error }
  }

  refreshRankSoon() {
    if (this.rankLater) return
    // The table of thousands is megabytes: as often as it takes, not with every message.
    this.rankLater = setTimeout(() => { this.rankLater = null; this.refreshRank() }, Math.max(1500, (this.rankCost ?? 0) * 20))
  }

  async refreshRank() {
    if (document.hidden) return this.refreshRankSoon()
    const begun = performance.now()
    try { this.rank = await ask(sweepPath(this.name) + '/rank') } catch { return }
    this.rankCost = performance.now() - begun
    this.rows.clear()
    for (const row of this.rank.rows) for (const run of row.runs) this.rows.set(run.trial, row)
    this.changed('rank')
  }

  /** Trials from the best to the worst. */
  get byObjective() {
    return this.sorted ??= [...this.trials.values()].sort((one, other) => this.compare(one, other))
  }

  compare(one, other) {
    const a = one.objective, b = other.objective
    if (a == null || b == null) return (a == null) - (b == null) || one.trial - other.trial
    return (a - b) * this.direction || one.trial - other.trial
  }

  /** A trial's curve of a metric, smoothed by an exponential mean without the bias of its beginning (Kingma and Ba 2015, eq. 3). */
  curve(trial, metric, smoothing) {
    const raw = trial.curves[metric] ?? []
    if (!smoothing) return raw
    const key = metric + smoothing
    if (trial.smooth[key]?.length === raw.length) return trial.smooth[key]
    let mean = 0, weight = 0
    return trial.smooth[key] = raw.map(value => {
      if (value == null) return null
      mean = smoothing * mean + (1 - smoothing) * value
      weight = smoothing * weight + 1 - smoothing
      return mean / weight
    })
  }
}

/** The page's state in its address: `#/sweeps/NAME/VIEW?key=value`. */
export const address = {
  read() {
    const [path, query = ''] = location.hash.replace(/^#/, '').split('?')
    return {path: path.split('/').filter(Boolean).map(part => { try { return decodeURIComponent(part) } catch { return part } }), query: new URLSearchParams(query)}
  },
  write(path, query, replace = false) {
    const text = query.toString()
    const hash = '#/' + path.map(encodeURIComponent).join('/') + (text ? '?' + text : '')
    if (hash === location.hash) return
    if (replace) history.replaceState(null, '', hash); else location.hash = hash
  },
}

const COMPARE = {'<': (a, b) => a < b, '>': (a, b) => a > b, '<=': (a, b) => a <= b, '>=': (a, b) => a >= b, '=': (a, b) => a === b}

/** What a word of the filter asks of a trial: `top5`, `epochs>3`, `learning_rate<=0.01`, a trial's number, a value, a worker, a part of a path. */
function wordFilter(word, store) {
  const top = /^top(\d+)$/.exec(word)
  if (top) { const best = new Set(store.byObjective.filter(trial => trial.objective != null).slice(0, Number(top[1]))); return trial => best.has(trial) }
  const [, name, sign, text] = /^([^<>=]+)(<=|>=|<|>|=)([^<>=]+)$/.exec(word) ?? []
  const number = Number(text)
  if (name && Number.isFinite(number)) {
    const value = trial => ['objective', 'epochs', 'attempts', 'trial'].includes(name) ? trial[name] : Object.entries(trial.configuration).find(([path]) => ('.' + path.toLowerCase()).endsWith('.' + name))?.[1]
    return trial => { const one = value(trial); return typeof one === 'number' && COMPARE[sign](one, number) }
  }
  return trial => String(trial.trial) === word || trial.configuration_id.startsWith(word) || trial.workers.some(one => one.toLowerCase() === word)
    || Object.entries(trial.configuration).some(([path, value]) => String(value).toLowerCase() === word || path.toLowerCase().includes(word))
}

/** What is looked at of a sweep, with its defaults; views share it and the address keeps it. */
export class Selection {
  constructor(query, store, onChange) { this.query = query; this.store = store; this.onChange = onChange }
  get(key, fallback = '') { return this.query.get(key) ?? fallback }
  list(key) { return (this.query.get(key) ?? '').split(',').filter(Boolean) }
  set(key, value) {
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '')
    if (text === '') this.query.delete(key); else this.query.set(key, text)
    this.onChange(key)
  }
  toggle(key, value) {
    const all = new Set(this.list(key))
    all.has(String(value)) ? all.delete(String(value)) : all.add(String(value))
    this.set(key, [...all])
  }
  get pins() { return this.list('pin').map(Number).filter(Number.isInteger) }

  /** Ranges by parameter, or of the objective: `b:PATH` = `low~high`, or `v:PATH` = the options, as JSON. */
  get ranges() {
    const found = new Map()
    for (const [key, text] of this.query) {
      if (key.startsWith('b:')) { const [low, high] = text.split('~').map(Number); if (low <= high) found.set(key.slice(2), {low, high}) }
      if (key.startsWith('v:')) { try { found.set(key.slice(2), {options: JSON.parse(text).map(one => JSON.stringify(one))}) } catch { /* an address of another's hand */ } }
    }
    return found
  }

  /** Whether a trial is shown. */
  filter() {
    const states = this.list('state'), findings = this.list('finding'), ranges = [...this.ranges], words = this.get('q').toLowerCase().split(/\s+/).filter(Boolean).map(word => wordFilter(word, this.store))
    return trial => (!states.length || states.includes(trial.state))
      && (!findings.length || findings.includes(trial.finding?.id ?? 'none'))
      && ranges.every(([path, range]) => {
        const value = path === 'objective' ? trial.objective : trial.configuration[path]
        if (range.options) return range.options.includes(JSON.stringify(value))
        return typeof value === 'number' && value >= range.low && value <= range.high
      })
      && words.every(passes => passes(trial))
  }

  get isFiltering() { return this.list('state').length || this.list('finding').length || this.ranges.size || this.get('q') }
  clear() { this.unfilter(); this.onChange('state') }
  /** Takes all filters away, and tells nobody yet. */
  unfilter() { for (const key of [...this.query.keys()]) if (['state', 'finding', 'q'].includes(key) || key.startsWith('b:') || key.startsWith('v:')) this.query.delete(key) }
}
