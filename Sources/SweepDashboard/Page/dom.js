// Elements without HTML text: what others wrote (names, labels, reasons) only ever becomes text nodes and attributes.

const append = (node, children) => {
  for (const child of children.flat(Infinity)) if (child != null && child !== false) node.append(child)
  return node
}

/** An element: h('a', {href, onclick, class}, children…); a null property is left out. */
export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag)
  for (const [key, value] of Object.entries(properties ?? {})) {
    if (value == null || value === false) continue
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value)
    else if (key === 'style') for (const [name, text] of Object.entries(value)) node.style.setProperty(name, text)
    else if (key === 'value' || key === 'checked' || key === 'disabled' || key === 'indeterminate') node[key] = value
    else node.setAttribute(key, value === true ? '' : value)
  }
  return append(node, children)
}

const SVG = 'http://www.w3.org/2000/svg'

/** An SVG element. */
export function s(tag, properties = {}, ...children) {
  const node = document.createElementNS(SVG, tag)
  for (const [key, value] of Object.entries(properties)) if (value != null) node.setAttribute(key, value)
  return append(node, children)
}

/** Puts other children into a node. */
export const fill = (node, ...children) => { node.replaceChildren(); return append(node, children) }

/** Replaces children but keeps the focus on the element of the same `data-key`. */
export function refill(node, ...children) {
  const active = document.activeElement
  const key = node.contains(active) ? active.dataset.key : null
  const at = key && 'selectionStart' in active ? safeSelection(active) : null
  fill(node, ...children)
  if (!key) return node
  const again = [...node.querySelectorAll('[data-key]')].find(one => one.dataset.key === key)
  again?.focus({preventScroll: true})
  if (again && at != null) { try { again.setSelectionRange(at, at) } catch { /* a kind of input without a caret */ } }
  return node
}
const safeSelection = node => { try { return node.selectionStart } catch { return null } }

/** Says something to a screen reader. */
export const announce = text => { document.getElementById('announce').textContent = text }

/** Asks before something that cannot be taken back; resolves to true or false. */
export function confirmed(title, text, word, dangerous = false) {
  const dialog = document.getElementById('dialog')
  return new Promise(resolve => {
    let answer = false
    fill(dialog, h('h2', {id: 'dialog-title'}, title), h('p', {}, text),
      h('div', {class: 'row', style: {'justify-content': 'flex-end'}},
        h('button', {onclick: () => dialog.close(), autofocus: true}, 'No, leave it'),
        h('button', {class: dangerous ? 'danger' : 'primary', onclick: () => { answer = true; dialog.close() }}, word)))
    dialog.onclose = () => resolve(answer)
    dialog.showModal()
  })
}

/** Calls at most once a frame, with the newest arguments. */
export function eachFrame(work) {
  let waiting = false, newest
  return (...given) => {
    newest = given
    if (waiting) return
    waiting = true
    requestAnimationFrame(() => { waiting = false; work(...newest) })
  }
}

/** A table behind a picture, made when it is opened. */
export function dataTable(title, make) {
  const body = h('div', {class: 'wide', tabindex: 0, role: 'region', 'aria-label': title})
  return h('details', {class: 'data', ontoggle: event => {
    if (!event.target.open) return
    const {columns, rows, more} = make()
    fill(body, h('table', {}, h('caption', {}, title + (more ? `: the first ${rows.length} of ${rows.length + more} rows` : '')),
      h('thead', {}, h('tr', {}, columns.map(name => h('th', {scope: 'col'}, name)))),
      h('tbody', {}, rows.map(row => h('tr', {}, row.map(cell => h('td', {}, String(cell ?? ''))))))))
  }}, h('summary', {}, 'As a table'), body)
}
