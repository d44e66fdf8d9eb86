"""Goes through every view of the page of a live sweep, as a person would, and fails where something is wrong.

    check_page.py --url URL --sweep NAME [--kill PID] [--pictures FOLDER]

Checked in each view: what must stand there does, the console has no error, axe-core finds nothing serious. --kill ends a worker
while the page looks on.
"""
import argparse
import os
import pathlib
import signal
import sys

sys.dont_write_bytecode = True
from browser import Browser  # noqa: E402

options = argparse.ArgumentParser()
options.add_argument("--url", required=True)
options.add_argument("--sweep", required=True)
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

    browser.open(sweep + "/timeline")
    browser.painted()
    settled(browser, "timeline" + suffix)

    browser.open(sweep + "/compare?pin=1,2,3")
    browser.painted()
    check("compare", "3 trials beside each other" in browser.text(), browser.text()[:200])
    settled(browser, "compare" + suffix)

    browser.open(sweep + "/trials/1")
    browser.painted()
    check("trial", "Configuration" in browser.text() and "Trial 1" in browser.text(), browser.text()[:200])
    settled(browser, "trial" + suffix)

    browser.open(sweep + "/file")
    browser.wait("the file", "return document.querySelector('pre')?.textContent.includes('name:')")
    settled(browser, "file" + suffix)

    browser.open("#/workers")
    browser.wait("workers", "return document.querySelector('main tbody tr')")
    settled(browser, "workers" + suffix)


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
    for problem in browser.problems():
        failures.append(f"acting: the console says {problem}")


def lose(browser, pid):
    """Ends a worker while the page looks on: it is told as lost, or gone, and the timeline shows what was lost with it."""
    browser.open("#/workers")
    before = browser.wait("workers", "return document.querySelectorAll('main tbody tr').length")
    os.kill(pid, signal.SIGKILL)
    browser.wait("the loss", """const rows = [...document.querySelectorAll('main tbody tr')]
        return rows.length < arguments[0] || rows.some(row => row.innerText.includes('lost'))""", before)
    settled(browser, "workers-lost")
    browser.open(sweep + "/timeline")
    browser.wait("the lost attempt", "return /[1-9]\\d* of them lost/.test(document.querySelectorAll('.plot canvas')[1]?.getAttribute('aria-label') ?? '')")


try:
    with Browser(options.url) as browser:
        act(browser)
        if options.kill:
            lose(browser, options.kill)
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
