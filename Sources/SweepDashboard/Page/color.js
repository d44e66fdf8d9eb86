// One accent for everything, classes by Okabe and Ito (2008), numbers by viridis: both are told apart by colour-blind eyes.

export const CLASSES = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8a7a00', '#7f7f7f']
const VIRIDIS = [[68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142], [31, 158, 137], [53, 183, 121], [110, 206, 88], [181, 222, 43], [234, 221, 40]]

export const STATES = {
  running: '#0072b2', completed: '#009e73', paused: '#e69f00', waiting: '#b0b7c0', pruned: '#8b939e', failed: '#d55e00',
}

/** A colour for 0…1, in `STEPS` steps, so that few colours are used. */
export const STEPS = 48
export const ramp = Array.from({length: STEPS}, (_, index) => {
  const place = index / (STEPS - 1) * (VIRIDIS.length - 1), low = Math.min(VIRIDIS.length - 2, Math.floor(place)), part = place - low
  return 'rgb(' + VIRIDIS[low].map((one, channel) => Math.round(one + (VIRIDIS[low + 1][channel] - one) * part)).join(',') + ')'
})
const dark = matchMedia('(prefers-color-scheme: dark)')
/** What is low stands out from the background: dark where that is light, light where it is dark. */
export const viridis = share => ramp[Math.max(0, Math.min(STEPS - 1, Math.round((dark.matches ? 1 - share : share) * (STEPS - 1))))]
/** The same of an objective: what is better stands out. */
export const worth = direction => share => viridis(direction > 0 ? share : 1 - share)

let cached = null
dark.addEventListener('change', () => { cached = null })
export const onScheme = work => dark.addEventListener('change', work)

/** The page's own colours, for canvases. */
export function theme() {
  if (cached) return cached
  const style = getComputedStyle(document.documentElement)
  cached = Object.fromEntries(['bg', 'panel', 'sunk', 'line', 'text', 'soft', 'accent', 'bad', 'good', 'grid'].map(name => [name, style.getPropertyValue('--' + name).trim()]))
  return cached
}
