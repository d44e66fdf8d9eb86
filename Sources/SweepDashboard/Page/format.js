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

export function bytes(value) {
  if (value == null) return '–'
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) { value /= 1024; unit++ }
  return short(value, 3) + ' ' + units[unit]
}

export const percent = (part, whole) => whole > 0 ? Math.round(100 * part / whole) + ' %' : '–'
export const moment = milliseconds => new Date(milliseconds).toLocaleString('sv')
