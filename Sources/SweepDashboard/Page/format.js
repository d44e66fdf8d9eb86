// Numbers as people read them, as the terminal writes them.

/** `digits` significant digits; positional between 0.0001 and 10⁷. */
export function sig(value, digits = 4) {
  if (value == null) return '–'
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  if (value === 0) return '0'
  const size = Math.floor(Math.log10(Math.abs(value)))
  if (size < -4 || size >= 7) return value.toExponential(digits - 1).replace('e+', 'e')
  return value.toFixed(Math.max(0, Math.min(12, digits - 1 - size)))
}

/** As few digits as tell the number, up to `digits`: for settings. */
export function short(value, digits = 4) {
  if (typeof value !== 'number') return label(value)
  const text = sig(value, digits)
  if (!text.includes('.')) return text
  const [head, tail] = text.split('e')
  return head.replace(/\.?0+$/, '') + (tail ? 'e' + tail : '')
}

/** The power of ten of a number's first digit; what was computed may be a little less than the power itself. */
const power = value => Math.floor(Math.log10(Math.abs(value)) + 1e-9)
/** The least difference between neighbours; Infinity of a single number. */
const stepOf = values => values.reduce((least, value, index) => index && value !== values[index - 1] ? Math.min(least, Math.abs(value - values[index - 1])) : least, Infinity)

/** The numbers of an axis, each with the digits that tell it from its neighbours; `more` digits of numbers that are not round. */
export function numerals(values, more = 0) {
  const step = stepOf(values)
  return values.map(value => short(value, Number.isFinite(step) && value ? Math.max(1, Math.min(15, power(value) - power(step) + 1 + more)) : 4))
}

/** Both ends of a range in at least three digits, and in more where they would look alike. */
export function bounds(low, high, write = sig) {
  const more = low !== high && Number.isFinite(low) && Number.isFinite(high) ? power(Math.max(Math.abs(low), Math.abs(high))) - power(high - low) + 2 : 0
  return [low, high].map(value => write(value, Math.max(3, Math.min(15, more))))
}

/** A range as text. */
export const range = (low, high) => bounds(low, high).join(' – ')

/** A value of a configuration. */
export const label = value => value === undefined ? '' : value === null ? 'null' : typeof value === 'number' ? short(value) : String(value)

export const count = value => value == null ? '–' : Math.round(value).toLocaleString('en').replaceAll(',', '\u202f')

/** `850 ms`, `12.3 s`, `4 min 05 s`, `3 h 07 min`, `2 d 04 h`. */
export function seconds(value) {
  if (value == null || !Number.isFinite(value) || value < 0) return '–'
  const two = number => String(number).padStart(2, '0')
  if (value < 1) return Math.round(value * 1000) + ' ms'
  if (value < 60) return value.toFixed(1) + ' s'
  const whole = Math.round(value)
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole % 3600 / 60))} min`
  return `${Math.floor(whole / 86400)} d ${two(Math.floor(whole % 86400 / 3600))} h`
}

const UNITS = [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]]

/** The times of an axis, in seconds: from the greatest unit that a time has down to the one that tells it from its neighbours. */
export function times(values) {
  const step = stepOf(values), most = Math.max(...values.map(Math.abs)), places = unit => Math.max(0, Math.min(9, -power(step / unit)))
  if (!Number.isFinite(step)) return values.map(seconds)
  return values.map(value => {
    const size = Math.abs(value), sign = value < 0 ? '\u2212' : ''
    if (size < step / 1e6) return '0'
    if (most < 1) return `${sign}${(size * 1000).toFixed(places(0.001))} ms`
    if (most < 60) return `${sign}${size.toFixed(places(1))} s`
    let rest = Number(size.toFixed(places(1)))
    const words = []
    for (const [unit, length] of UNITS) {
      const last = length === 1 || step >= length, number = last ? rest / length : Math.floor(rest / length)
      rest -= Math.floor(rest / length) * length
      if (!words.length && number < 1 && !last) continue
      const text = number.toFixed(length === 1 ? places(1) : 0)
      words.push(`${words.length && text.split('.')[0].length < 2 ? '0' : ''}${text} ${unit}`)
      if (last) break
    }
    return sign + words.join(' ')
  })
}

export function bytes(value) {
  if (value == null) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) { value /= 1024; unit++ }
  return short(value, 3) + ' ' + units[unit]
}

export const percent = (part, whole) => whole > 0 ? Math.round(100 * part / whole) + ' %' : '–'

/** `2026-11-29 23:31:13 UTC+01:00`: the reader's own clock, in an order and with a zone that nobody can take for another. */
export function moment(milliseconds) {
  const date = new Date(milliseconds), offset = -date.getTimezoneOffset(), two = number => String(number).padStart(2, '0')
  if (Number.isNaN(offset)) return '–'
  const local = new Date(milliseconds + offset * 60000).toISOString().slice(0, 19).replace('T', ' ')
  return `${local} UTC${offset ? (offset < 0 ? '\u2212' : '+') + two(Math.floor(Math.abs(offset) / 60)) + ':' + two(Math.abs(offset) % 60) : ''}`
}
