"""Goes through every view of the page of a live sweep, as a person would, and fails where something is wrong.

    check_page.py --url URL --sweep NAME [--population NAME] [--fronts NAME] [--programs NAME] [--experiments NAME] [--kill PID --doomed NAME] [--pictures FOLDER]

Checked in each view: what must stand there does, the console has no error, axe-core finds nothing serious. --kill ends a worker
while the page looks on, in the middle of a long trial of the sweep that --doomed names. --population, --fronts and --programs name further sweeps: of a population that made copies, of two objectives, of
trials that are programs, and of one on which its coordinator made an experiment.
"""
import argparse
import json
import os
import pathlib
import re
import signal
import sys
import time
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True
from browser import Browser  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--url", required=True)
options.add_argument("--sweep", required=True)
for further in ("--doomed", "--population", "--fronts", "--programs", "--experiments"):
    options.add_argument(further)
options.add_argument("--kill", type=int)
options.add_argument("--pictures", type=pathlib.Path)
options = options.parse_args()
failures = []
sweep = f"#/sweeps/{options.sweep}"


def check(name, condition, more=""):
    if not condition:
        failures.append(f"{name}: {more}")


def settled(browser, name):
    """What holds of every view."""
    for problem in browser.problems():
        failures.append(f"{name}: the console says {problem}")
    for violation in browser.axe():
        failures.append(f"{name}: axe-core: {violation}")
    wide = browser.run("return document.documentElement.scrollWidth - innerWidth")
    check(name, wide <= 0, f"the page is {wide} pixels wider than the window")
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        browser.shot(options.pictures / f"{name}.png")


def walk(browser, suffix=""):
    browser.open("#/")
    browser.wait("the list", "return document.querySelector('main table a')?.textContent === arguments[0]", options.sweep)
    settled(browser, "list" + suffix)

    browser.open(sweep)
    browser.painted()
    browser.wait("progress", "return document.querySelector('[role=progressbar]') && document.querySelector('main tbody tr')")
    for panel in ("Learning curves", "Best so far", "Rungs and promotions", "Best configurations"):
        check("overview", panel in browser.text(), f"there is no {panel}")
    settled(browser, "overview" + suffix)

    browser.open(sweep + "/ranking")
    browser.wait("rows", "return document.querySelectorAll('main tbody tr').length >= 5")
    settled(browser, "ranking" + suffix)

    browser.open(sweep + "/parameters")
    browser.painted()
    settled(browser, "parameters" + suffix)
    # The best stand out: dark where the page is light, light where it is dark.
    ends = browser.run("""const canvas = document.querySelector('[aria-label="Contour map"] .legend canvas')
        return [1, 118].map(x => [...canvas.getContext('2d').getImageData(x, 4, 1, 1).data].slice(0, 3).reduce((one, two) => one + two))""")
    check("colours" + suffix, (ends[0] > ends[1]) == (suffix == "-dark"), f"from the best to the worst {ends}")

    # Every legend of numbers is turned round with the marks when the system's scheme changes.
    legends = """const legends = () => JSON.stringify([...document.querySelectorAll('main .legend canvas')].map(canvas => [1, 118].map(x =>
        [...canvas.getContext('2d').getImageData(x, 4, 1, 1).data].slice(0, 3).join())))\n"""
    before = json.loads(browser.run(legends + "return legends()"))
    check("legends" + suffix, len(before) >= 2, f"there are {len(before)}")
    for dark in (suffix != "-dark", suffix == "-dark"):
        browser.scheme(dark)
        expected = [ends[::-1] for ends in before] if dark == (suffix != "-dark") else before
        try:
            browser.wait("the legends of the other scheme", legends + "return legends() === arguments[0]",
                         json.dumps(expected, separators=(",", ":")), seconds=20)
        except AssertionError:
            check("legends" + suffix, False, f"at a change to {'dark' if dark else 'light'} not all were drawn anew")

    check("contour map", "over two parameters" in browser.text(), "there is none")
    label = browser.run("return document.querySelector('[aria-label=\"Contour map\"] canvas[role=img]')?.getAttribute('aria-label') ?? ''")
    check("contour map", " trials" in label and " over " in label, label)

    browser.open(sweep + "/timeline")
    browser.painted()
    settled(browser, "timeline" + suffix)
    buttons, lane = browser.run("""const panel = document.querySelector('[aria-label=Timeline]'), canvas = panel.querySelector('canvas'), ratio = canvas.height / canvas.clientHeight
        const {data, width} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        const colored = place => data[place + 3] > 100 && Math.max(...data.subarray(place, place + 3)) - Math.min(...data.subarray(place, place + 3)) > 60
        let place = 0
        while (place < data.length && !colored(place)) place += 4
        return [panel.querySelector('.tools').getBoundingClientRect().bottom - panel.querySelector('.box').getBoundingClientRect().top, Math.floor(place / 4 / width) / ratio]""")
    check("timeline" + suffix, buttons <= lane, f"buttons end {buttons} pixels down, and the first lane begins at {lane}")

    browser.open(sweep + "/findings")
    browser.wait("the findings", "return /trained trials show no fault/.test(document.querySelector('[aria-label=Findings]')?.innerText)")
    settled(browser, "findings" + suffix)

    browser.open(sweep + "/data")
    browser.wait("the rows", "return document.querySelector('[aria-label=Columns] svg[role=img]')")
    for words in ("What the checks found", "Target: label", "10 classes", "training rows"):
        check("data", words in browser.text(), f"there is no {words}")
    bare = browser.run("return [...document.querySelectorAll('[aria-label=Columns] svg')].filter(one => !one.getAttribute('aria-label')).length")
    check("data", bare == 0, f"{bare} pictures have no name")
    # A column of zeros says so.
    check("data", "all 0" in browser.text("[aria-label=Columns]"), browser.text("[aria-label=Columns]")[:300])
    settled(browser, "data" + suffix)

    browser.open(sweep + "/compare?pin=1,2,3")
    browser.painted()
    check("compare", "3 trials beside each other" in browser.text(), browser.text()[:200])
    settled(browser, "compare" + suffix)

    browser.open(sweep + "/trials/1")
    browser.painted()
    browser.wait("why it was tried", "return /Proposed: /.test(document.querySelector('[aria-label^=\"Why it was tried\"]')?.innerText)")
    browser.wait("its diagnosis", "const panel = document.querySelector('[aria-label=Diagnosis]'); return panel && !panel.innerText.includes('Looking') && panel.querySelector('b, .soft')")
    check("trial", "Configuration" in browser.text() and "Trial 1" in browser.text(), browser.text()[:200])
    settled(browser, "trial" + suffix)

    browser.open(sweep + "/file")
    browser.wait("the file", "return document.querySelector('pre')?.textContent.includes('name:')")
    settled(browser, "file" + suffix)

    browser.open("#/workers")
    browser.wait("workers", "return document.querySelector('main tbody tr')")
    settled(browser, "workers" + suffix)

    if options.population:
        browser.open(f"#/sweeps/{options.population}/timeline")
        browser.painted()
        label = browser.wait("the lineage", "return document.querySelector('[aria-label=Lineage]:not([hidden]) canvas[role=img]')?.getAttribute('aria-label')")
        check("lineage", "members at a time" in label and "copies" in label, label)
        settled(browser, "lineage" + suffix)
    if options.fronts:
        browser.open(f"#/sweeps/{options.fronts}/ranking")
        browser.painted()
        label = browser.wait("the hypervolume", """const all = [...document.querySelectorAll('[aria-label=Fronts] canvas[role=img]')].map(one => one.getAttribute('aria-label'))
            return all.find(one => one.startsWith('Hypervolume over'))""")
        check("hypervolume", "after trial" in label and "before" in label, label)
        browser.run("""const picture = [...document.querySelectorAll('[aria-label=Fronts] canvas[role=img]')].find(one => one.getAttribute('aria-label').startsWith('Hypervolume over'))
            picture.focus(); picture.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true, cancelable: true}))""")
        check("hypervolume", re.match(r"Hypervolume .* from trial \d+$", browser.text("#announce")), browser.text("#announce"))
        settled(browser, "hypervolume" + suffix)
        # A rung's best is the best value at its epoch, whatever became of the trials.
        browser.open(f"#/sweeps/{options.fronts}")
        definition = asked(f"/sweeps/{options.fronts}")
        metric, sign = definition["objective"]["metric"], 1 if definition["objective"]["direction"] == "minimize" else -1
        trials = asked(f"/sweeps/{options.fronts}/trials?metrics={metric}")["trials"]
        shown = browser.wait("the rungs", """const cells = [...document.querySelectorAll('[aria-label=Rungs] tbody tr')].map(row => row.lastElementChild.textContent)
            return cells.length > 0 && cells.every(Boolean) && cells""")
        for level, text in zip(definition["levels"], shown):
            values = [row["values"][0][level - 1] for row in trials if row["rung"] >= level and row["values"][0][level - 1] is not None]
            told = sign * min(sign * value for value in values)
            check("rungs" + suffix, abs(float(text) - told) <= 1e-3 * abs(told), f"at epoch {level} {text}, not {told}")
    if options.experiments:
        # Those that the coordinator made by itself, each of one part or of several.
        parts = [one for one in asked("/sweeps")["sweeps"] if (one.get("experiment") or {}).get("sweep") == options.experiments]
        check("experiments", bool(parts), "there are none")
        first = parts[0]["experiment"]
        family = [one["sweep"] for one in parts if one["experiment"]["first"] == first["first"] and one["experiment"]["round"] == first["round"]]
        arms, trial = parts[0]["sweep"], f"#/sweeps/{options.experiments}/trials/{first['trial']}"
        browser.open(f"#/sweeps/{arms}")
        browser.wait("the arms", "return /[0-5] of 5/.test(document.querySelector('[aria-label=Arms]')?.innerText)")
        settled(browser, "arms" + suffix)
        browser.open(trial)
        browser.wait("its experiment", "return document.querySelector('[aria-label=Experiments]:not([hidden])')?.innerText.includes(arguments[0])", arms)
        # p is that of the arms of all parts of the round, here and on the part's own page.
        told = asked(f"/sweeps/{arms}/comparison" + (f"?with={','.join(family[1:])}" if family[1:] else ""))["arms"][0]["p"]
        cell = "const row = document.querySelectorAll('[aria-label=\"Arms of ' + arguments[0] + '\"] tbody tr')[1]; return row && row.cells[row.cells.length - 2].textContent"
        for view in (trial, f"#/sweeps/{arms}"):
            browser.open(view)
            shown = browser.wait("p", cell, arms)
            check("experiment", abs(float(shown) - told) <= 0.06 * told, f"{view} shows p {shown}, not {told}")
    if options.programs:
        browser.open(f"#/sweeps/{options.programs}/data")
        browser.wait("why there are no rows", "return document.querySelector('main').innerText.includes('has no data set here')")
        settled(browser, "no-rows" + suffix)


def asked(path):
    """What the API answers."""
    with urllib.request.urlopen(options.url + "/api/v1" + path, timeout=20) as answer:
        return json.load(answer)


def press(browser):
    """'Show them' beside a region shows its trials and no others, whatever was filtered before. The region is made up: a sweep may have none."""
    browser.open(sweep + "/findings?q=top5&state=failed&finding=S-DEAD&pin=1&b:objective=0~1e-9")
    browser.wait("the findings", "return document.querySelector('[aria-label=Findings] header button')")
    browser.run("""const real = window.fetch
        window.fetch = async (path, ...rest) => {
          const answer = await real(path, ...rest)
          if (!path.endsWith('/findings')) return answer
          const told = await answer.json()
          const region = {symptom: 'S-DEAD', words: 'made up', conditions: [{path: 'train.batch_size', bound: 'at_least', value: 32}, {path: 'train.model.mlp.dropout', bound: 'at_most', value: 0.25}], inside: 9, sick: 8, sick_in_all: 8, all: 20, chance: 1e-9}
          return new Response(JSON.stringify({...told, trials: told.trials || 1, regions: [region]}))
        }
        document.querySelector('[aria-label=Findings] header button').click()""")
    browser.wait("the region", "return [...document.querySelectorAll('[aria-label=Findings] li button')].some(one => one.getAttribute('aria-label').includes('batch_size at least 32'))")
    browser.click("[aria-label=Findings] li button")
    browser.wait("its trials", "return /\\/parameters\\?/.test(location.hash) && /\\d+ of [\\d,.\u202f\u00a0 ]+ trials/.test(document.querySelector('.filters')?.innerText)")
    kept = dict(urllib.parse.parse_qsl(browser.run("return location.hash.split('?')[1]")))
    check("show them", kept == {"pin": "1", "v:train.batch_size": "[32,64,128]", "b:train.model.mlp.dropout": "0~0.25"}, str(kept))
    wrong = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1], wrong = []
        const tell = (name, found, expected) => { if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${name}: ${JSON.stringify(found)}`) }
        Promise.all([import('/page/diagnosis.js'), import('/page/trial.js')]).then(([{regionFilters, otherParts, experimentsOn, hopelessText}, {noiseText}]) => {
          const parameters = [{path: 'batch', kind: 'choice', options: [64, 16, 128, 32]}, {path: 'kind', kind: 'choice', options: ['sgd', 'adam']}, {path: 'rate', kind: 'real', low: 0.001, high: 1}]
          const filters = (...conditions) => [...regionFilters({conditions: conditions.map(([path, bound, value]) => ({path, bound, value}))}, parameters)]
          tell('at least', filters(['batch', 'at_least', 64]), [['v:batch', '[64,128]']])
          tell('at most', filters(['batch', 'at_most', 32]), [['v:batch', '[16,32]']])
          tell('equal', filters(['batch', 'equal', 16], ['kind', 'equal', 'adam']), [['v:batch', '[16]'], ['v:kind', '["adam"]']])
          tell('a range', filters(['rate', 'at_least', 0.1]), [['b:rate', '0.1~1']])
          tell('an interval', filters(['rate', 'at_least', 0.1], ['rate', 'at_most', 0.5]), [['b:rate', '0.1~0.5']])
          tell('a number', filters(['rate', 'equal', 0.5]), [['b:rate', '0.5~0.5']])
          // By what they were handed in as, whatever they are called: z.why-7 is nobody's experiment.
          const part = (sweep, of, trial, round, first) => ({sweep, experiment: {sweep: of, trial, round, first}})
          const numbered = sweeps => sweeps.map((one, place) => ({...one, number: place + 1}))
          const sweeps = numbered([{sweep: 'd'}, {sweep: 'e'}, part('a', 'd', 7, 1, 'a'), part('b', 'd', 7, 1, 'a'), part('c', 'd', 7, 2, 'a'), part('f', 'd', 17, 1, 'f'), part('g', 'd', 7, 1, 'g'), part('h', 'e', 7, 1, 'a'), {sweep: 'z.why-7'}])
          for (const [name, others] of [['d', []], ['a', ['b']], ['b', ['a']], ['c', []], ['f', []], ['g', []], ['h', []], ['z.why-7', []], ['not there', []]]) tell(name, otherParts(name, sweeps), others)
          for (const [sweep, trial, found] of [['d', 7, ['a', 'b', 'c', 'g']], ['d', 17, ['f']], ['e', 7, ['h']], ['d', 1, []], ['z', 7, []]]) tell(`${sweep} ${trial}`, experimentsOn(sweeps, sweep, trial).map(one => one.sweep), found)
          // A name that was given again: what was handed in before the sweep that has it now was of another one. o and p began with another a.
          const again = numbered([part('i', 'd', 7, 1, 'i'), {sweep: 'd'}, part('o', 'd', 7, 1, 'a'), part('p', 'd', 7, 1, 'a'), part('a', 'd', 7, 1, 'a'), part('b', 'd', 7, 1, 'a'), part('k', 'd', 7, 1, 'gone'), part('l', 'd', 7, 1, 'gone'), part('j', 'gone too', 7, 1, 'j')])
          for (const [name, others] of [['a', ['b']], ['b', ['a']], ['o', ['p']], ['p', ['o']], ['k', ['l']], ['i', []]]) tell(`again ${name}`, otherParts(name, again), others)
          for (const [sweep, trial, found] of [['d', 7, ['o', 'p', 'a', 'b', 'k', 'l']], ['gone too', 7, []]]) tell(`again ${sweep} ${trial}`, experimentsOn(again, sweep, trial).map(one => one.sweep), found)
          // As the program says it.
          const exploded = {kind: 'exploded', epoch: 12, metric: 'validation.loss', value: 5000, start: 0.5, start_is_chance: true, epochs: 10}
          tell('exploded', hopelessText(exploded), 'Stopped at epoch 12: validation.loss 5000 is 10000 times the loss of guessing, 0.5000, and in 10 epochs it has not come back and gets no lower.')
          tell('its start', hopelessText({...exploded, start_is_chance: false}).includes(' times its start, 0.5000, '), true)
          tell('dead', hopelessText({...exploded, kind: 'dead', value: 2.25}), 'Stopped at epoch 12: validation.loss is 2.250 to the last bit since the first epoch, for 10 epochs: nothing is learnt.')
          const noise = scale => noiseText([{epoch: 4, noise: {scale, rows: 64}}, {epoch: 9}]).textContent
          tell('noise', noise(12), 'After epoch 4 the gradient’s noise scale is 12.0 rows (of 64 rows): at a batch of as many rows noise and signal are equal.')
          tell('much noise', noise(null), 'After epoch 4 the gradient’s noise scale is beyond what was measured (of 64 rows).')
          done(wrong)
        }).catch(error => done([String(error)]))""")
    for one in wrong:
        failures.append(f"regions, rounds and sentences: {one}")
    # A sweep that has little to show says why in one sentence; one that has much says nothing.
    wrong = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1], wrong = []
        import('/page/notice.js').then(({notice, awaited}) => {
          const status = (state, trials, more) => ({state, trials: {completed: 0, running: 0, paused: 0, waiting: 0, pruned: 0, failed: 0, ...trials}, trials_planned: 9, epochs: 0, best: null, workers: [{slots: 2}], ...more})
          for (const [name, found, part] of [
            ['no worker', status('running', {}, {workers: []}), 'no worker is connected'], ['a lost worker', status('running', {}, {workers: [{slots: 0}]}), 'no worker is connected'], ['no trial', status('running'), 'No trial has begun yet.'], ['a first one', status('running', {running: 1}), 'first epoch'],
            ['paused', status('paused'), 'It is paused'], ['one failed', status('running', {failed: 1}), 'The trial that ended has failed'], ['all failed', status('finished', {failed: 9}, {epochs: 4}), 'All 9 trials that ended have failed'],
            ['cancelled at once', status('cancelled', {pruned: 2}), 'cancelled before'], ['cancelled', status('cancelled', {completed: 2, pruned: 5}, {epochs: 30, best: {}}), 'when 7 of 9 trials had ended'], ['no number', status('finished', {pruned: 9}, {epochs: 9}), 'no trial came to a number'],
            ['over', status('finished', {completed: 9}, {epochs: 81, best: {}}), null], ['on its way', status('running', {completed: 1, failed: 1, running: 1}, {epochs: 9, best: {}}), null], ['halted', status('halted', {failed: 3, completed: 1}, {epochs: 9}), null]]) {
            const said = notice(found)
            if (part === null ? said !== null : !said?.includes(part)) wrong.push(`${name}: ${said}`)
          }
          if (awaited({status: {state: 'running'}}, 'yet', 'never') !== 'yet' || awaited({}, 'yet', 'never') !== 'yet' || awaited({status: {state: 'cancelled'}}, 'yet', 'never') !== 'never') wrong.push('what is awaited')
          done(wrong)
        }).catch(error => done([String(error)]))""")
    for one in wrong:
        failures.append(f"what a sweep says of itself: {one}")


def act(browser):
    """What a person does on it."""
    # Sorting, filtering and pinning are kept in the address.
    browser.open(sweep + "/ranking")
    browser.wait("rows", "return document.querySelectorAll('main tbody tr').length >= 5")
    browser.click("button[data-key=sobjective]")
    browser.wait("the order", "return document.querySelector('th[aria-sort=ascending] [data-key=sobjective]')")
    browser.click("main tbody tr input[type=checkbox]")
    browser.wait("a pin", "return /pin=\\d+/.test(location.hash) && document.querySelector('.pins')")
    rows = browser.run("return document.querySelectorAll('main tbody tr').length")
    browser.run("""const field = document.querySelector('input[type=search]'); field.value = '1'
        field.dispatchEvent(new Event('input', {bubbles: true}))""")
    browser.wait("the filter", "return /q=1/.test(location.hash) && document.querySelectorAll('main tbody tr').length < arguments[0]", rows)
    # An address that was kept shows the same again.
    kept = browser.run("return location.hash")
    browser.open(kept)
    browser.wait("the kept view", "return document.querySelector('input[type=search]')?.value === '1' && document.querySelectorAll('main tbody tr').length < arguments[0]", rows)
    # By the keyboard alone: to a curve, pinned, announced.
    browser.open(sweep)
    browser.painted()
    browser.run("document.querySelectorAll('.plot canvas')[1].focus()")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        browser.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, cancelable: true}))", key)
    browser.wait("a pin by keyboard", "return /pin=\\d+/.test(location.hash)")
    check("keyboard", "Trial" in browser.text("#announce"), "nothing was announced")
    # A trial's curve has an epoch a stop.
    browser.open(sweep + "/trials/1")
    browser.painted()
    browser.run("document.getElementById('announce').textContent = ''; document.querySelector('[aria-label=Curves] .plot canvas[role=img]').focus()")
    for key in ("ArrowDown", "Enter"):
        browser.run("document.querySelector('[aria-label=Curves] .plot canvas[role=img]').dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, cancelable: true}))", key)
    browser.wait("a pin on a curve by keyboard", "return /pin=1(&|$)/.test(location.hash)")
    check("keyboard", "Epoch 1," in browser.text("#announce"), "nothing was announced of a trial's curve: " + browser.text("#announce"))
    # And so in a picture that is not walked by curves.
    browser.open(sweep + "/parameters")
    browser.painted()
    browser.run("document.getElementById('announce').textContent = ''; document.querySelector('.slices .plot canvas[role=img]').focus()")
    for key in ("ArrowDown", "Enter"):
        browser.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true, cancelable: true}))", key)
    browser.wait("a pin in a slice by keyboard", "return /pin=\\d+/.test(location.hash)")
    check("keyboard", "Trial" in browser.text("#announce"), "nothing was announced of a slice")
    # Steering asks first, and does it.
    state = "return document.querySelector('h1 .soft')?.textContent"
    if browser.run(state) == "running":
        browser.click("button[data-key=pause]")
        browser.wait("the question", "return document.querySelector('dialog[open]')")
        browser.run("[...document.querySelectorAll('dialog button')].at(-1).click()")
        browser.wait("the pause", state + " === 'paused'")
        browser.click("button[data-key=resume]")
        browser.wait("the question", "return document.querySelector('dialog[open]')")
        browser.run("[...document.querySelectorAll('dialog button')].at(-1).click()")
        browser.wait("that it goes on", f"return ['running', 'finished'].includes(({state[7:]}))")
        # A trial is tried again with another number, which lies between its own and the least one.
        browser.open(sweep + "/trials/1")
        browser.wait("the form", "return document.querySelector('form[data-key=enqueue]')")
        browser.run("""const form = document.querySelector('form[data-key=enqueue]')
            const field = [...form.querySelectorAll('label:not([hidden]) input[type=text]')].find(one => one.value && !Number.isInteger(Number(one.value)))
            field.value = String(0.9 * Number(field.value) + 0.1 * Number(field.title.split(' ')[1]))
            form.requestSubmit()""")
        browser.wait("that it is enqueued", "return /It is (enqueued|begun)/.test(document.querySelector('form[data-key=enqueue] + div')?.textContent)")
    for problem in browser.problems():
        failures.append(f"acting: the console says {problem}")


def choose(browser):
    """The pair of a map by the keyboard's means: a menu, kept in the address."""
    browser.open(sweep + "/parameters")
    browser.painted()
    menu = "document.querySelector('[data-key=menu-Across]')"
    label = "document.querySelector('[aria-label=\"Contour map\"] canvas[role=img]').getAttribute('aria-label')"
    former = browser.run(f"return {label}")
    before = browser.run(f"return {menu}.value")
    browser.run(f"""const menu = {menu}; menu.focus(); menu.value = [...menu.options].find(one => one.value !== menu.value).value
        menu.dispatchEvent(new Event('change', {{bubbles: true}}))""")
    browser.wait("the pair", "return /px=/.test(location.hash)")
    after = browser.run("return new URLSearchParams(location.hash.split('?')[1]).get('px')")
    check("contour map", after != before, "the pair is as it was")
    # Two may end in the same word: what says of it that it is another map is the end of its path, or its whole.
    browser.wait("the map of the pair", f"const now = {label}; return now.split(':')[0] !== arguments[0] && now.includes(arguments[1])", former.split(":")[0], after.split(".")[-1])


def narrow(browser):
    """The words of the filter that compare."""
    browser.open(sweep + "/ranking?q=top5")
    browser.wait("the best five", "const count = document.querySelectorAll('main tbody tr').length; return count > 0 && count <= 5")
    shown = "return document.querySelector('.filters')?.innerText ?? ''"
    check("filter", re.search(r"\b5 of \d", browser.run(shown)), browser.run(shown))
    browser.open(sweep + "/ranking?q=trial%3C%3D2")
    browser.wait("two trials", "return /(^|\\D)2 of \\d/.test(document.querySelector('.filters')?.innerText ?? '')")


def numbers(browser):
    """What stands at an axis tells neighbours apart, whatever is looked at; a moment names its zone."""
    browser.open("#/")
    wrong = browser.driver.execute_async_script("""
        const done = arguments[arguments.length - 1], wrong = []
        const tell = (name, texts, expected) => { if (texts.join(' | ') !== expected) wrong.push(`${name}: ${texts.join(' | ')}`) }
        Promise.all([import('/page/format.js'), import('/page/scale.js')]).then(([{times, numerals, range, moment}, {ticks, timeTicks, scale, whole}]) => {
          tell('a short span of time', times(timeTicks([1.72, 2], 7)), '1.75 s | 1.80 s | 1.85 s | 1.90 s | 1.95 s | 2.00 s')
          tell('milliseconds', times(timeTicks([0, 0.4], 4)), '0 | 100 ms | 200 ms | 300 ms | 400 ms')
          tell('minutes', times(timeTicks([0, 200], 7)), '0 | 30 s | 1 min 00 s | 1 min 30 s | 2 min 00 s | 2 min 30 s | 3 min 00 s')
          tell('hours', times(timeTicks([0, 9000], 6)), '0 | 30 min | 1 h 00 min | 1 h 30 min | 2 h 00 min | 2 h 30 min')
          tell('seconds of an hour', times(timeTicks([3590, 3650], 6)), '59 min 50 s | 1 h 00 min 00 s | 1 h 00 min 10 s | 1 h 00 min 20 s | 1 h 00 min 30 s | 1 h 00 min 40 s | 1 h 00 min 50 s')
          tell('days', times(timeTicks([0, 3e6], 6)), '0 | 10 d | 20 d | 30 d')
          tell('before the beginning', times(timeTicks([-5, 5], 5)), '\u22124 s | \u22122 s | 0 | 2 s | 4 s')
          tell('large numbers', numerals(ticks([1000, 1000.001], 5)), '1000 | 1000.0002 | 1000.0004 | 1000.0006 | 1000.0008 | 1000.001')
          tell('close losses', numerals(ticks([0.98123, 0.98156], 5)), '0.9813 | 0.9814 | 0.9815')
          tell('decades', numerals(scale([0.001, 100], [0, 1], true).ticks(6)), '0.001 | 0.01 | 0.1 | 1 | 10 | 100')
          tell('rungs', numerals([0, 1, 3, 9, 27]), '0 | 1 | 3 | 9 | 27')
          tell('epochs', numerals(whole(ticks([1, 3], 9))), '1 | 2 | 3')
          tell('between two epochs', numerals(whole(ticks([1.2, 1.8], 3))), '1.2 | 1.4 | 1.6 | 1.8')
          tell('a narrow interval', [range(0.98123, 0.98156), range(0.049, 0.0551)], '0.98123 – 0.98156 | 0.0490 – 0.0551')
          for (const low of [0, 1, 59.3, 999.9, 86399, 1e7]) for (let power = -6; power <= 7; power++) for (const part of [1, 2.3, 6.1]) {
            const high = low + part * 10 ** power
            for (const texts of [times(timeTicks([low, high], 6)), numerals(ticks([low, high], 6))]) if (new Set(texts).size < texts.length) wrong.push(`${low} to ${high}: ${texts.join(' | ')}`)
          }
          if (!/^20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC([+\u2212]\\d\\d:\\d\\d)?$/.test(moment(1.8e12))) wrong.push(moment(1.8e12))
          done(wrong)
        }).catch(error => done([String(error)]))""")
    for one in wrong:
        failures.append(f"axes: {one}")


def lose(browser, pid):
    """Ends a worker while the page looks on: it is told as lost, or gone, and the timeline shows what was lost with it."""
    def trains():
        # An attempt of which nothing was heard yet is handed back, not lost: it must have told an epoch.
        with urllib.request.urlopen(f"{options.url}/api/v1/sweeps/{options.doomed}/timeline", timeout=20) as answer:
            spans = json.load(answer)["spans"]
        return any(kind == "running" and epoch >= 1 for kind, epoch in zip(spans["end_kind"], spans["to_epoch"]))

    deadline = time.monotonic() + 60
    while not trains():
        assert time.monotonic() < deadline, f"{options.doomed} is not trained within 60 s"
        time.sleep(0.1)
    browser.open("#/workers")
    before = browser.wait("workers", "return document.querySelectorAll('main tbody tr').length")
    os.kill(pid, signal.SIGKILL)
    browser.wait("the loss", """const rows = [...document.querySelectorAll('main tbody tr')]
        return rows.length < arguments[0] || rows.some(row => row.innerText.includes('lost'))""", before)
    settled(browser, "workers-lost")
    browser.open(f"#/sweeps/{options.doomed}/timeline")
    browser.wait("the lost attempt", "return /[1-9]\\d* of them lost/.test(document.querySelectorAll('.plot canvas')[1]?.getAttribute('aria-label') ?? '')")


try:
    with Browser(options.url) as browser:
        act(browser)
        if options.kill:
            lose(browser, options.kill)
        # What is new comes behind the loss: the sweep must still train when the worker goes.
        choose(browser)
        narrow(browser)
        numbers(browser)
        press(browser)
        walk(browser)
    with Browser(options.url, dark=True) as browser:
        walk(browser, "-dark")
    with Browser(options.url, width=400) as browser:
        walk(browser, "-narrow")
except Exception as error:  # what was found before it is told all the same
    failures.append(f"{type(error).__name__}: {error}")

for failure in failures:
    print(failure)
print("views are as they must be" if not failures else f"{len(failures)} failures")
sys.exit(bool(failures))
