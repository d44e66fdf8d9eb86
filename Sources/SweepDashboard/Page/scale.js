// From numbers to places on an axis and back: linear and logarithmic.

/** A scale from `domain` to `range`; logarithmic where asked and the domain is above 0. */
export function scale(domain, range, log = false) {
  const warp = log ? Math.log10 : value => value
  const unwarp = log ? value => 10 ** value : value => value
  const low = warp(domain[0]), high = warp(domain[1]), span = high - low || 1
  const at = value => range[0] + (warp(value) - low) / span * (range[1] - range[0])
  at.invert = place => unwarp(low + (place - range[0]) / (range[1] - range[0] || 1) * span)
  at.ticks = count => log ? logTicks(domain, count) : ticks(domain, count)
  at.log = log
  at.domain = domain
  return at
}

/** Round numbers in a domain, about so many. */
export function ticks([low, high], count = 6) {
  if (!(high > low)) return [low]
  const raw = (high - low) / count, size = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 5, 10].find(one => one * size >= raw * 0.999) * size
  return steps(low, high, step)
}

function steps(low, high, step) {
  const found = []
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index++) found.push(index * step)
  return found.map(value => Math.abs(value) < step * 1e-9 ? 0 : value)
}

/** The whole numbers among round ones, for what is counted: there is no epoch 1.5. */
export function whole(values) {
  const found = values.map(value => Math.round(value)).filter((value, index) => Math.abs(value - values[index]) < 1e-6)
  return found.length ? found : values
}

const TIMES = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400]

/** Round times in seconds: parts of a minute, an hour or a day, as people count them. */
export function timeTicks([low, high], count = 6) {
  const raw = (high - low) / count
  if (!(raw > 5)) return ticks([low, high], count)
  const step = TIMES.find(one => one >= raw * 0.999)
  // Beyond a day whole days.
  return step ? steps(low, high, step) : ticks([low / 86400, high / 86400], count).map(days => days * 86400)
}

function logTicks([low, high], count = 6) {
  const decades = Math.log10(high / low)
  if (decades < 0.7) return ticks([low, high], count).filter(value => value > 0)
  const every = Math.max(1, Math.ceil(decades / Math.max(4, count)))
  const found = []
  const factors = decades < 1.5 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1]
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    if (power % every && every > 1) continue
    for (const factor of factors) {
      const value = factor * 10 ** power
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value)
    }
  }
  return found
}

/** The domain with some room at both ends. */
export function padded([low, high], log, share = 0.04) {
  if (!(low < Infinity && high > -Infinity)) return log ? [0.1, 1] : [0, 1]
  if (log) {
    if (low === high) return [low / 2, high * 2]
    const room = Math.log10(high / low) * share
    return [low / 10 ** room, high * 10 ** room]
  }
  if (low === high) { const room = Math.abs(low) * 0.1 || 1; return [low - room, high + room] }
  const room = (high - low) * share
  return [low - room, high + room]
}

/** Least and greatest finite value; only positive ones when they are to be shown on a logarithmic scale. */
export function extent(values, log = false) {
  let low = Infinity, high = -Infinity
  for (const value of values) {
    if (value == null || !Number.isFinite(value) || log && value <= 0) continue
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

/** The value below which a share of the numbers lies. */
export function quantile(sorted, share) {
  if (!sorted.length) return NaN
  const place = (sorted.length - 1) * share, low = Math.floor(place)
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low])
}

/** A place in 0…1 of a parameter's value: on its own scale, classes evenly. */
export function parameterScale(parameter, values) {
  if (parameter.kind === 'choice') {
    const options = parameter.options
    const keys = options.map(one => JSON.stringify(one))
    const at = value => { const index = keys.indexOf(JSON.stringify(value)); return index < 0 ? null : options.length > 1 ? index / (options.length - 1) : 0.5 }
    return Object.assign(at, {options, log: false, domain: null})
  }
  const log = parameter.scale === 'log'
  const [low, high] = parameter.low < parameter.high ? [parameter.low, parameter.high] : padded(extent(values ?? [parameter.low]), log)
  const inner = scale([low, high], [0, 1], log)
  const at = value => typeof value === 'number' ? inner(value) : null
  return Object.assign(at, {options: null, log, domain: [low, high], invert: inner.invert, ticks: parameter.kind === 'integer' ? count => inner.ticks(count).filter(Number.isInteger) : inner.ticks})
}
