"""A headless Chromium that keeps what its console said, and axe-core."""
import importlib.util
import pathlib
import shutil
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By


class Browser:
    """Opened with `with`; every failure names the view."""

    def __init__(self, url, width=1280, height=900, dark=False, scale=1):
        self.url = url
        options = Options()
        options.binary_location = shutil.which("chromium") or ""
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                         f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(180)
        self.width, self.scale = width, scale
        self.size(height)
        self.scheme(dark)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def size(self, height):
        self.command("Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=self.scale,
                     mobile=False)

    def scheme(self, dark):
        """As the system switches, under an open page too."""
        self.command("Emulation.setEmulatedMedia",
                     features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, view):
        """Opens `#/…` as from a bookmark."""
        self.driver.get("about:blank")
        self.driver.get(self.url + "/" + view)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector="main"):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def find(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def wait(self, what, script, *arguments, seconds=60):
        """Waits until the script answers with something true, and returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.run(script, *arguments)
            if answer:
                return answer
            time.sleep(0.1)
        raise AssertionError(f"{what} did not come in {seconds} s; the page says: {self.text()[:1500]}")

    def painted(self, seconds=60):
        """Waits until every visible picture has something on it."""
        self.wait("a picture", """
            const all = [...document.querySelectorAll('.box canvas:first-child')].filter(one => one.offsetParent)
            return all.length > 0 && all.every(one => {
              const data = one.getContext('2d').getImageData(0, 0, one.width, one.height).data
              for (let index = 3; index < data.length; index += 4) if (data[index]) return true
              return false
            })""", seconds=seconds)

    def click(self, selector):
        self.wait(selector, "return document.querySelector(arguments[0])", selector)
        self.run("document.querySelector(arguments[0]).click()", selector)

    def problems(self):
        """What the console said since the last time: errors and warnings of the page."""
        return [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING") and "willReadFrequently" not in entry["message"]]

    def axe(self):
        """The violations that axe-core calls serious or critical."""
        package = importlib.util.find_spec("axe_playwright_python")
        source = (pathlib.Path(package.origin).parent / "axe.min.js").read_text()
        self.command("Runtime.evaluate", expression=source)
        found = self.driver.execute_async_script("""
            const done = arguments[arguments.length - 1]
            axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})
              .then(result => done(result.violations.map(one => [one.impact, one.id, one.help, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160) + ' ' + (node.any[0]?.message ?? ''))])), error => done([['critical', 'axe', String(error), []]]))""")
        return [one for one in found if one[0] in ("serious", "critical")]

    def shot(self, path):
        """The whole view, however long."""
        self.size(max(600, self.run("return document.documentElement.scrollHeight")))
        time.sleep(0.6)
        self.driver.save_screenshot(str(path))
        self.size(900)
