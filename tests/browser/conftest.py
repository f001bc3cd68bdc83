"""A real browser without a window, and what is asked of every page in it."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Debian's chromium once."""
    webdriver = pytest.importorskip("selenium.webdriver")
    found = [shutil.which(name) for name in PROGRAMS]
    if not all(found):
        pytest.skip(f"{' and '.join(PROGRAMS)} are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    for flag in ("--headless=new", "--no-sandbox", "--window-size=1180,1400"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(found[1])
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


@pytest.fixture
def opened(chromium: Any) -> Any:
    """Open a page: the browser, once all of its figures have drawn."""

    def open_page(path: Path) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        chromium.get_log("browser")
        chromium.get(path.resolve().as_uri())
        wanted = "return document.querySelectorAll('.figure').length"
        drawn = "return document.querySelectorAll('.figure .main-svg').length"
        WebDriverWait(chromium, 60).until(
            lambda page: page.execute_script(drawn) >= page.execute_script(wanted)
        )
        return chromium

    return open_page
