// A picture with axes on a canvas: panning, zooming, a layer that is kept while it moves, and what floats above it.
import {h, eachFrame, announce} from './dom.js'
import {scale, whole} from './scale.js'
import {numerals} from './format.js'
import {theme, onScheme} from './color.js'

const FONT = '11.5px system-ui, "Segoe UI", "Liberation Sans", sans-serif'

export class Plot {
  /**
   * draw(context, x, y, plot) paints the content; over(context, x, y, plot) what follows the pointer. walk(x, y) has what arrow keys
   * go through, each with its id, place and words, and pin(stop) is what Enter does.
   */
  constructor({name, height = 320, draw, over, hover, pick, key, walk, pin, left = 58, bottom = 34, top = 12, yTicks = true, pannable = true}) {
    Object.assign(this, {height, draw, over, hover, pick, key, walk, pin, yTicks, pannable, left, margin: {left, right: 14, top, bottom}})
    this.base = h('canvas', {'aria-hidden': 'true'})
    this.upper = h('canvas', {role: 'img', 'aria-label': name, tabindex: pick || key || walk ? 0 : null})
    this.tip = h('div', {class: 'tip', 'aria-hidden': 'true'})
    this.box = h('div', {class: 'box', style: {height: height + 'px'}}, this.base, this.upper, this.tip)
    this.root = h('div', {class: 'plot'}, this.box, pannable ? h('div', {class: 'tools'},
      h('button', {'aria-label': 'Zoom in', title: 'Zoom in (+)', onclick: () => this.zoom(0.6)}, '+'),
      h('button', {'aria-label': 'Zoom out', title: 'Zoom out (−)', onclick: () => this.zoom(1 / 0.6)}, '−'),
      h('button', {'aria-label': 'Whole picture', title: 'Whole picture (0)', onclick: () => this.reset()}, '⤢')) : null)
    this.layer = document.createElement('canvas')
    this.full = {x: [0, 1], y: [0, 1]}
    this.view = null
    this.options = {xLog: false, yLog: false, xLabel: '', yLabel: ''}
    this.paintSoon = eachFrame(() => this.paint())
    this.overSoon = eachFrame(() => this.paintOver())
    this.cost = 0
    new ResizeObserver(() => this.resize()).observe(this.box)
    onScheme(() => this.refresh())
    this.listen()
  }

  set label(text) { this.upper.setAttribute('aria-label', text + (this.walk ? '. Arrow keys up and down go through them, Enter pins.' : '')) }

  /** What is shown when nothing is zoomed. */
  set({x, y, ...options}) {
    const was = this.options
    this.options = {...this.options, ...options}
    if (was.xLog !== this.options.xLog || was.yLog !== this.options.yLog) this.view = null
    this.full = {x: x ?? this.full.x, y: y ?? this.full.y}
    this.refresh()
  }

  get domain() { return this.view ?? this.full }

  resize() {
    const ratio = Math.min(2, devicePixelRatio || 1)
    this.width = this.box.clientWidth
    this.ratio = ratio
    for (const canvas of [this.base, this.upper, this.layer]) {
      canvas.width = Math.max(1, Math.round(this.width * ratio))
      canvas.height = Math.round(this.height * ratio)
    }
    this.refresh()
  }

  /** The content has changed. */
  refresh() { this.kept = null; this.paintSoon() }

  scales(domain = this.domain) {
    const {left, right, top, bottom} = this.margin
    return [
      scale(domain.x, [left, Math.max(left + 1, this.width - right)], this.options.xLog),
      scale(domain.y, [this.height - bottom, top], this.options.yLog),
    ]
  }

  paint() {
    if (!this.width || !this.box.isConnected) return
    const context = this.base.getContext('2d')
    this.fit(context)
    const {left, right, top, bottom} = this.margin
    const [x, y] = this.scales()
    const same = this.kept && ['x', 'y'].every(axis => this.kept[axis].every((one, index) => one === this.domain[axis][index]))
    if (!same && (!this.kept || this.cost < 10 || !this.moving)) {
      const begun = performance.now()
      const inner = this.layer.getContext('2d')
      inner.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
      inner.clearRect(0, 0, this.width, this.height)
      inner.save()
      inner.beginPath()
      inner.rect(left - 4, top - 4, this.width - left - right + 8, this.height - top - bottom + 8)
      inner.clip()
      this.draw(inner, x, y, this)
      inner.restore()
      this.cost = performance.now() - begun
      this.kept = {x: [...this.domain.x], y: [...this.domain.y]}
    }
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    context.clearRect(0, 0, this.width, this.height)
    this.axes(context, x, y)
    // A layer of another view is moved and stretched to this one, until there is time to paint anew.
    const [oldX, oldY] = this.scales(this.kept)
    const ends = [x(oldX.invert(left)), x(oldX.invert(this.width - right)), y(oldY.invert(top)), y(oldY.invert(this.height - bottom))]
    const stretchX = (ends[1] - ends[0]) / (this.width - left - right), stretchY = (ends[3] - ends[2]) / (this.height - top - bottom)
    context.save()
    context.beginPath()
    context.rect(left - 4, top - 4, this.width - left - right + 8, this.height - top - bottom + 8)
    context.clip()
    context.transform(stretchX, 0, 0, stretchY, ends[0] - left * stretchX, ends[2] - top * stretchY)
    context.drawImage(this.layer, 0, 0, this.width, this.height)
    context.restore()
    this.paintOver()
    if (!this.kept.x.every((one, index) => one === this.domain.x[index]) || !this.kept.y.every((one, index) => one === this.domain.y[index])) {
      clearTimeout(this.later)
      this.later = setTimeout(() => { this.moving = false; this.paintSoon() }, 120)
    }
  }

  /** The numbers on the left with their words. */
  marks(y) {
    if (!this.yTicks) return []
    const values = y.ticks(Math.max(2, Math.round((this.height - this.margin.bottom - this.margin.top) / 48))), texts = numerals(values)
    return values.map((value, index) => [value, texts[index]])
  }

  /** Makes room for the numbers on the left, as much as they take. */
  fit(context) {
    context.font = FONT
    const widest = Math.max(0, ...this.marks(this.scales()[1]).map(([, text]) => context.measureText(text).width))
    const left = Math.min(Math.max(this.left, 8 * Math.ceil((widest + (this.options.yLabel ? 24 : 10)) / 8)), Math.max(this.left, this.width / 2))
    if (left === this.margin.left) return
    this.margin.left = left
    this.kept = null
  }

  axes(context, x, y) {
    const colors = theme(), {left, right, top, bottom} = this.margin, floor = this.height - bottom, wall = this.width - right
    context.font = FONT
    context.lineWidth = 1
    context.strokeStyle = colors.grid
    context.fillStyle = colors.soft
    context.textBaseline = 'middle'
    context.textAlign = 'right'
    for (const [value, text] of this.marks(y)) {
      const place = Math.round(y(value)) + 0.5
      if (place < top - 1 || place > floor + 1) continue
      context.beginPath(); context.moveTo(left, place); context.lineTo(wall, place); context.stroke()
      context.fillText(text, left - 7, place)
    }
    context.textAlign = 'center'
    context.textBaseline = 'top'
    // What is marked, and the words for it: an axis of times has its own of both.
    const {xTicks, xText = numerals, xRoom = 90, xWhole} = this.options, count = Math.max(2, Math.round((wall - left) / xRoom))
    const round = typeof xTicks === 'function' ? xTicks(this.domain.x, count) : xTicks ?? x.ticks(count), values = xWhole ? whole(round) : round, texts = xText(values)
    for (const [index, value] of values.entries()) {
      const place = Math.round(x(value)) + 0.5
      if (place < left - 1 || place > wall + 1) continue
      context.beginPath(); context.moveTo(place, top); context.lineTo(place, floor); context.stroke()
      context.fillText(texts[index], place, floor + 5)
    }
    context.strokeStyle = colors.line
    context.beginPath(); context.moveTo(left + 0.5, top); context.lineTo(left + 0.5, floor + 0.5); context.lineTo(wall, floor + 0.5); context.stroke()
    context.textAlign = 'right'
    context.textBaseline = 'bottom'
    context.fillText(this.options.xLabel, wall, this.height - 1)
    if (this.options.yLabel) {
      context.save()
      context.translate(10, top)
      context.rotate(-Math.PI / 2)
      context.textBaseline = 'middle'
      context.fillText(this.options.yLabel, 0, 0)
      context.restore()
    }
  }

  paintOver() {
    if (!this.width) return
    const context = this.upper.getContext('2d')
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    context.clearRect(0, 0, this.width, this.height)
    if (!this.over) return
    const [x, y] = this.scales(), {left, right, top, bottom} = this.margin
    context.save()
    context.beginPath()
    context.rect(left - 6, top - 8, this.width - left - right + 12, this.height - top - bottom + 16)
    context.clip()
    this.over(context, x, y, this)
    context.restore()
  }

  /** Shows text beside a place; nothing hides it. */
  showTip(place, ...content) {
    if (!place) { this.tip.style.visibility = 'hidden'; return }
    this.tip.replaceChildren(...content)
    this.tip.style.visibility = 'visible'
    const width = this.tip.offsetWidth, height = this.tip.offsetHeight
    this.tip.style.left = Math.max(0, place[0] + 16 + width > this.width ? place[0] - width - 12 : place[0] + 16) + 'px'
    this.tip.style.top = Math.max(0, Math.min(this.height - height, place[1] + 12)) + 'px'
  }

  // What moves the view works on the axes as they are drawn: a logarithmic one is moved by factors.
  warp(axis) { return this.options[axis + 'Log'] ? [Math.log10, value => 10 ** value] : [value => value, value => value] }

  move(axis, change) {
    const [to, back] = this.warp(axis)
    const [low, high] = this.domain[axis].map(to)
    const next = change(low, high)
    if (!(next[1] - next[0] > 1e-9 * Math.max(1, Math.abs(next[0])))) return
    this.view = {...this.domain, [axis]: next.map(back)}
  }

  zoom(factor, place) {
    const {left, right, top, bottom} = this.margin
    const share = place
      ? [(place[0] - left) / (this.width - left - right), (this.height - bottom - place[1]) / (this.height - top - bottom)]
      : [0.5, 0.5]
    for (const [index, axis] of ['x', 'y'].entries()) {
      if (axis === 'y' && this.options.yFixed) continue
      this.move(axis, (low, high) => { const at = low + (high - low) * share[index]; return [at - (at - low) * factor, at + (high - at) * factor] })
    }
    this.moving = true
    this.paintSoon()
  }

  pan(right, down) {
    const {left, top, bottom, right: edge} = this.margin
    this.move('x', (low, high) => { const by = right / (this.width - left - edge) * (high - low); return [low - by, high - by] })
    if (!this.options.yFixed) this.move('y', (low, high) => { const by = down / (this.height - top - bottom) * (high - low); return [low + by, high + by] })
    this.moving = true
    this.paintSoon()
  }

  reset() { this.view = null; this.moving = false; this.paintSoon() }

  /** Goes to the next stop, or the one before, as if the pointer were there; whether the key was for that. */
  step(key) {
    if (!this.walk || !['ArrowDown', 'ArrowUp', 'Enter', 'Escape'].includes(key)) return false
    if (key === 'Enter') { if (this.stop) this.pin(this.stop); return Boolean(this.stop) }
    // Of a picture that is zoomed into, what is seen.
    const {left, right} = this.margin, seen = ({place: [x, y]}) => x >= left - 10 && x <= this.width - right + 10 && y >= -10 && y <= this.height + 10
    const stops = key === 'Escape' ? [] : this.walk(...this.scales()).filter(seen), index = stops.findIndex(one => one.id === this.stop?.id)
    this.stop = stops[Math.max(0, Math.min(stops.length - 1, index + (key === 'ArrowDown' ? 1 : -1)))]
    this.hover?.(this.stop?.place ?? null, this)
    if (this.stop) announce(this.stop.say); else this.showTip(null)
    return true
  }

  listen() {
    const upper = this.upper
    const at = event => { const box = upper.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top] }
    let held = null, moved = false
    upper.addEventListener('pointerdown', event => {
      if (event.button) return
      held = at(event); moved = false
    })
    upper.addEventListener('pointermove', event => {
      const place = at(event)
      if (held && this.pannable && event.buttons) {
        if (!moved && Math.hypot(place[0] - held[0], place[1] - held[1]) < 4) return
        if (!moved) { moved = true; upper.setPointerCapture(event.pointerId); upper.style.cursor = 'grabbing'; this.showTip(null) }
        this.pan(place[0] - held[0], place[1] - held[1])
        held = place
        return
      }
      this.hover?.(place, this)
    })
    const release = event => {
      if (held && !moved && event.type === 'pointerup') this.pick?.(at(event), event, this)
      held = null
      upper.style.cursor = ''
    }
    upper.addEventListener('pointerup', release)
    upper.addEventListener('pointercancel', release)
    upper.addEventListener('pointerleave', () => { if (!held) { this.hover?.(null, this); this.showTip(null) } })
    upper.addEventListener('dblclick', () => { if (this.pannable) this.reset() })
    upper.addEventListener('wheel', event => {
      // The page scrolls; a picture zooms only when it is meant: with Ctrl, or when it has the focus.
      if (!this.pannable || !(event.ctrlKey || event.metaKey || document.activeElement === upper)) return
      event.preventDefault()
      this.zoom(1.0015 ** event.deltaY, at(event))
    }, {passive: false})
    upper.addEventListener('keydown', event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      const step = {'+': () => this.zoom(0.7), '=': () => this.zoom(0.7), '-': () => this.zoom(1 / 0.7), 0: () => this.reset(),
        ArrowLeft: () => this.pan(60, 0), ArrowRight: () => this.pan(-60, 0)}[event.key]
      if (this.pannable && step) { step(); event.preventDefault() } else if (this.step(event.key) || this.key?.(event, this)) event.preventDefault()
    })
  }
}
