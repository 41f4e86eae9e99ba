"""A headless Chromium without a network that opens pages from disk and is asked what it shows."""

import json
import shutil
import time
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
HEIGHT = 900
PATIENCE = 30.0  # s, until what is waited for is there; never slept through
DRAWN = """
    const drawn = [...document.querySelectorAll(".plot")].every((plot) => {
        const { top, bottom, width } = plot.getBoundingClientRect();
        return !width || bottom < 0 || top > innerHeight || plot.querySelector(".main-svg");
    });
    return drawn && [innerHeight + scrollY >= document.documentElement.scrollHeight - 1];
"""
"""Whether the end of the page is in view, once all figures in view are drawn."""

TOO_WIDE = """
    const room = document.documentElement.clientWidth;
    return document.documentElement.scrollWidth <= room ? [] : [...document.querySelectorAll("*")]
        .filter((part) => part.getBoundingClientRect().right > room + 1)
        .map((part) => part.outerHTML.slice(0, 120)).slice(0, 10);
"""
"""Elements that reach beyond the screen, where the page does."""

EMPTY = """
    return [...document.querySelectorAll(".plot")]
        .filter((plot) => plot.getClientRects().length)
        .filter((plot) => !plot.querySelector(".cartesianlayer .trace, .cartesianlayer .hm"))
        .map((plot) => plot.getAttribute("aria-label"));
"""
"""Figures in sight without a mark."""

INSIDE = ("data", "blob", "about")
"""Schemes of addresses that are of the page itself."""


def missing():
    """Return what must be installed before there is a browser; empty where nothing is."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    packages = "Debian's chromium and chromium-driver"
    return f"{' and '.join(absent)} not installed: see {packages}" if absent else ""


class Browser:
    """One page at a time, its console and its requests."""

    def __init__(self, profile, downloads):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        self.downloads = downloads
        self.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
        self.tell("Network.enable")
        self.tell(
            "Network.emulateNetworkConditions",
            offline=True, latency=0, downloadThroughput=0, uploadThroughput=0,
        )  # fmt: skip

    def tell(self, command, **given):
        return self.driver.execute_cdp_cmd(command, given)

    def open(self, path, width=1440, dark=False, mark=""):
        """Open a page anew; what was on the console and asked for before is forgotten."""
        self.tell(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=HEIGHT, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        self.colours_of_the_system(dark)
        self.driver.get("about:blank")
        self.errors()
        self.requests()
        self.driver.get(path.as_uri() + mark)
        self.until("return document.readyState === 'complete'")

    def colours_of_the_system(self, dark):
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.tell("Emulation.setEmulatedMedia", features=[scheme, still])

    @contextmanager
    def opening(self, path, width=1440, dark=False, mark=""):
        """Open a page; while it is looked at there is no error on the console, and no request."""
        self.open(path, width, dark, mark)
        yield self
        assert self.errors() == []
        assert self.outside(path) == []

    def run(self, script, *given):
        return self.driver.execute_script(script, *given)

    def until(self, script, *given):
        """Return what a script returns once that is true."""
        end = time.monotonic() + PATIENCE
        while not (found := self.run(script, *given)):
            if time.monotonic() > end:
                raise AssertionError(f"after {PATIENCE:g} s: {script} {given}")
            time.sleep(0.05)
        return found

    def until_text(self, selector, text):
        """Wait until an element has a text."""
        self.until(
            "return document.querySelector(arguments[0]).textContent === arguments[1]",
            selector,
            text,
        )

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """Return the text of an element that a reader sees."""
        return " ".join(self.one(selector).text.split())

    def texts(self, selector):
        """Return the text of each element, seen or not."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return [" ".join(text.split()) for text in self.run(script, selector)]

    def bring(self, selector):
        """Bring an element into the middle of the screen and return it."""
        found = self.one(selector)
        self.run("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", found)
        return found

    def click(self, selector):
        self.bring(selector).click()

    def choose(self, selector, text):
        """Choose an option by its visible text."""
        Select(self.bring(selector)).select_by_visible_text(text)

    def press(self, *keys):
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def tab_to(self, selector, most=60):
        """Press the tabulator until an element has the focus, which is marked all the way."""
        for _ in range(most):
            self.press(Keys.TAB)
            assert (
                self.run("return getComputedStyle(document.activeElement).outlineStyle") != "none"
            )
            if self.run("return document.activeElement.matches(arguments[0])", selector):
                return
        raise AssertionError(f"no {selector} within {most} steps of the tabulator")

    def point(self, selector):
        ActionChains(self.driver, duration=0).move_to_element(self.bring(selector)).perform()

    def click_at(self, x, y):
        """Click at a place on the screen."""
        actions = ActionChains(self.driver, duration=0)
        actions.w3c_actions.pointer_action.move_to_location(int(x), int(y)).click()
        actions.perform()

    def inside(self, selector):
        """Return whether an element begins on the screen, once the page has stopped scrolling."""
        return self.until(
            """const { top } = document.querySelector(arguments[0]).getBoundingClientRect();
            return top >= -2 && top < innerHeight / 2;""",
            selector,
        )

    def read_through(self):
        """Scroll from the start of the page to its end, and wait for what comes into view."""
        self.run("scrollTo(0, 0)")
        while not self.until(DRAWN)[0]:
            self.run("scrollBy(0, 0.8 * innerHeight)")

    def downloaded(self):
        """Return name and content of the one file that is being downloaded, once it is there."""
        end = time.monotonic() + PATIENCE
        while True:
            there = list(self.downloads.iterdir())
            if there and not any(path.suffix in (".crdownload", ".tmp") for path in there):
                (path,) = there
                content = path.read_bytes()
                path.unlink()
                return path.name, content
            assert time.monotonic() < end, f"no download after {PATIENCE:g} s"
            time.sleep(0.05)

    def errors(self):
        """Return the errors on the console since this was last asked."""
        log = self.driver.get_log("browser")
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def requests(self):
        """Return the addresses that were asked for since this was last asked."""
        events = [json.loads(e["message"])["message"] for e in self.driver.get_log("performance")]
        return [
            event["params"]["request"]["url"]
            for event in events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def outside(self, path):
        """Return the addresses asked for that are neither the page nor inside of it."""
        return [
            address
            for address in self.requests()
            if address.split("#")[0] != path.as_uri() and address.split(":")[0] not in INSIDE
        ]
