// Where the page begins: which view an address is, and who may see it.
import {h, fill} from './dom.js'
import {ask, address} from './store.js'
import {listView, workersView, sweepView} from './views.js'

const main = document.getElementById('main'), light = document.getElementById('connection')
let shown = null, owned = []

const context = {
  role: 'read',
  /** Things that end with the view. */
  own: thing => owned.push(thing),
  connection: state => {
    if (light.dataset.state === state) return
    light.dataset.state = state
    light.textContent = state === 'live' ? 'live' : 'connection lost'
    light.title = state === 'live' ? 'What you see is up to date.' : 'The coordinator does not answer. What you see is the last that was heard; the page goes on by itself when it is back.'
  },
  /** Asks for a token where one is needed; whether it was that. */
  refused: error => { if (error.status !== 401) return false; login(); return true },
}

function login(wrong) {
  close()
  const field = h('input', {type: 'password', id: 'token', autocomplete: 'current-password', size: 44})
  const send = async event => { event.preventDefault(); try { await keep(field.value.trim()) } catch (error) { login(error.message) } }
  fill(main, h('h1', {}, 'A token is needed'), h('p', {}, 'The coordinator’s directory has one that steers in the file ', h('code', {class: 'mono'}, 'http-token'), ', and one that only reads in ', h('code', {class: 'mono'}, 'http-token-read'), '.'),
    wrong ? h('div', {class: 'error', role: 'alert'}, wrong) : null, h('form', {class: 'row', onsubmit: send}, h('label', {for: 'token'}, 'Token'), field, h('button', {class: 'primary'}, 'Go on')))
  field.focus()
}

async function keep(token) {
  const session = await ask('/login', {method: 'POST', headers: {Authorization: 'Bearer ' + token}})
  context.role = session.role
  shown = null
  route()
}

function close() { for (const one of owned) one.end(); owned = []; shown = null }

function route() {
  const {path} = address.read()
  const key = path[0] === 'sweeps' && path[1] ? 'sweeps/' + path[1] : path[0] ?? ''
  for (const link of document.querySelectorAll('#nav a')) link.toggleAttribute('aria-current', link.getAttribute('href') === (path[0] === 'workers' ? '#/workers' : '#/'))
  if (shown?.key === key) { shown.view.route?.(); return }
  close()
  const view = key.startsWith('sweeps/') ? sweepView(context, path[1]) : key === 'workers' ? workersView(context) : listView(context)
  shown = {key, view}
  document.title = key === 'workers' ? 'Workers · sweepd' : 'Sweeps · sweepd'
  fill(main, view.node)
}

addEventListener('hashchange', route)
document.querySelector('.skip').addEventListener('click', event => { event.preventDefault(); main.focus() })

// A link with a token: it never leaves this browser but for the coordinator, and does not stay in the address.
const token = /^#token=(.+)$/.exec(location.hash)?.[1]
if (token) history.replaceState(null, '', '#/')
try {
  if (token) await keep(token)
  else {
    context.role = (await ask('/session')).role
    route()
  }
} catch (error) {
  if (error.status === 401) login(token ? error.message : undefined)
  else { context.connection('lost'); fill(main, h('div', {class: 'error', role: 'alert'}, error.message)); if (!error.status) setTimeout(() => location.reload(), 4000) }
}
