"""What is looked at on a page; test_checks_can_fail.py shows each of them a page it must refuse."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, TimeoutError

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Reader:
    """A browser's page that goes from address to address; what went wrong on the last one.

    One page for many addresses, because starting a page costs more than loading most of them.
    """

    def __init__(self, browser: Browser, theme: str):
        self.problems: list[str] = []
        self._home = urlsplit("")
        context = browser.new_context(color_scheme=theme)
        context.add_init_script(
            f"""try {{
                for (const key of ["mode", "theme"]) localStorage.setItem(key, "{theme}");
            }} catch {{}}  // Firefox has no storage for an empty page"""
        )
        self.page = context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)

    def open(self, address: str, leads_to: str = "", stay: bool = False) -> Reader:
        """Go to an address; with `stay`, only from elsewhere."""
        if stay and self.page.url == address:
            return self
        self.page.goto("about:blank")  # the last page has no more to say
        self.problems, self._home = [], urlsplit(address)
        self.page.set_viewport_size(WIDE)
        self.page.goto(address, wait_until="load")
        if leads_to:
            self.page.wait_for_url(leads_to, wait_until="load")
        if self.page.locator("script[data-page]").count():
            self.page.wait_for_load_state("networkidle")  # the cells have their buttons then
        settle(self.page)
        return self

    def _request(self, request) -> None:
        there = urlsplit(request.url)
        home = (self._home.scheme, self._home.netloc)
        if there.scheme not in ("data", "blob", "about") and (there.scheme, there.netloc) != home:
            self.problems.append(f"request to another host: {request.url[:200]}")

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # that is a page that was left while it loaded
            self.problems.append(f"request failed ({request.failure}): {request.url[:200]}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url}")


def settle(page: Page) -> None:
    """Wait until formulas are set and two frames are painted."""
    page.evaluate(
        """async () => {
            if (window.MathJax?.startup?.promise) await MathJax.startup.promise;
            await document.fonts.ready;
            await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        }"""
    )


def unset_formulas(page: Page) -> list[str]:
    """Formulas that MathJax did not set, or set as an error, and raw TeX in the text."""
    return page.evaluate(
        r"""() => {
            const short = (text) => text.trim().slice(0, 80);
            const bad = [...document.querySelectorAll(".math")]
                .filter((box) => !box.querySelector("mjx-container"))
                .map((box) => "not set: " + short(box.textContent));
            for (const error of document.querySelectorAll("mjx-merror, [data-mml-node=merror]"))
                bad.push("TeX error: " + short(error.dataset.mjxError || error.textContent));
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
                const { parentElement: parent, textContent: text } = walker.currentNode;
                if (parent.closest("pre, code, script, style, textarea, mjx-container")) continue;
                if (/\$\$|\\\(|\\\[|\\begin\{/.test(text)) bad.push("raw TeX: " + short(text));
            }
            return bad;
        }"""
    )


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways, or sticks out where nobody can scroll to it."""
    return page.evaluate(
        """() => {
            const width = document.documentElement.clientWidth;
            const found = [];
            if (document.scrollingElement.scrollWidth > width)
                found.push(`page of ${document.scrollingElement.scrollWidth} px in ${width}`);
            const scrolls = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
            for (const element of document.querySelectorAll("article *")) {
                const box = element.getBoundingClientRect();
                if (box.width < 2 || box.right <= width + 1) continue;
                if (element.closest("mjx-assistive-mml")) continue;  // for ears alone
                const svg = element.ownerSVGElement;
                if (svg && getComputedStyle(svg).overflow === "hidden") continue;  // cut off there
                let outer = element;
                while (outer.tagName !== "ARTICLE" && !scrolls(outer)) outer = outer.parentElement;
                if (outer.tagName !== "ARTICLE") continue;
                const right = Math.round(box.right);
                found.push(`${element.tagName} .${element.className} to ${right} px`);
            }
            return found.slice(0, 5);
        }"""
    )


def scrolling_code(page: Page) -> list[str]:
    """Boxes of code that scroll sideways though no line in them is longer than 79 letters."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".cell_input pre")]
            .filter((box) => box.scrollWidth > box.clientWidth + 1)
            .filter((box) => box.textContent.split("\\n").every((line) => line.length < 80))
            .map((box) => `${box.scrollWidth} px in ${box.clientWidth}: `
                + box.textContent.slice(0, 60))"""
    )


def hidden_columns(page: Page) -> list[str]:
    """Tables of which a part is out of sight."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".pst-scrollable-table-container")]
            .filter((box) => box.scrollWidth > box.clientWidth + 1)
            .map((box) => `table of ${box.scrollWidth} px: `
                + box.textContent.trim().slice(0, 40))"""
    )


def badly_named_folds(page: Page) -> list[str]:
    """Folded cells whose line is small, or is called by other words than it shows."""
    return page.evaluate(
        """() => [...document.querySelectorAll(".cell details > summary")].flatMap((line) => {
            const seen = line.innerText.trim(), name = line.ariaLabel ?? seen;
            const found = [];
            if (!seen || !name.includes(seen)) found.push(`"${seen}" is named "${name}"`);
            if (line.getBoundingClientRect().height < 44) found.push(`"${seen}" is small`);
            return found;
        })"""
    )


def printed_wrongly(page: Page) -> list[str]:
    """What would be printed dark, beside what it should lie over, or though it is folded."""
    page.emulate_media(media="print")
    found = page.evaluate(
        """() => {
            const light = (colour) => {
                const [red, green, blue, alpha = 1] = colour.match(/[\\d.]+/g).map(Number);
                return alpha === 0 || (red + green + blue) / 3 > 200;
            };
            const boxes = [document.documentElement, ...document.querySelectorAll("body, article, "
                + "article :is(p, pre, pre span, td, th, figcaption, summary, div, h1, h2, h3)")];
            const found = boxes.filter((box) => box.checkVisibility()).flatMap((box) => {
                const { backgroundColor, color } = getComputedStyle(box);
                const words = [...box.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
                const place = `${box.tagName} .${box.className}`;
                if (!light(backgroundColor)) return [`dark paper: ${place}`];
                return words && light(color) ? [`pale ink: ${place}`] : [];
            });
            const folds = "article :is(details:not([open]), .toggle-hidden)";
            for (const box of document.querySelectorAll(folds))
                if (box.checkVisibility())
                    found.push(`folded: ${box.textContent.trim().slice(0, 40)}`);
            for (const over of document.querySelectorAll(".nnreg-explore img + img")) {
                const below = over.previousElementSibling;
                const off = (side) => Math.abs(over[side] - below[side]) > 1;
                if (off("offsetLeft") || off("width"))
                    found.push(`a slider's second picture beside its first: ${below.alt}`);
            }
            return found.slice(0, 8);
        }"""
    )
    page.emulate_media(media="screen")
    return found


def printed_navigation(page: Page) -> list[str]:
    """Navigation and buttons that would be printed; the theme's list of a page's parts may be."""
    page.emulate_media(media="print")
    seen = page.evaluate(
        """() => [...document.querySelectorAll(
                "nav, header, .bd-sidebar-primary, .bd-sidebar-secondary, .bd-header, "
                + ".prev-next-footer, .copybtn, input[type=range], button:not(:empty)")]
            .filter((e) => !e.closest("#jb-print-toc"))
            .filter((e) => e.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
            .filter((e) => e.getBoundingClientRect().width > 1)
            .map((e) => `${e.tagName} .${e.className}`)"""
    )
    page.emulate_media(media="screen")
    return seen


def unfold(page: Page) -> None:
    """Open everything folded, so that what is inside is looked at too."""
    page.evaluate(
        """() => {
            for (const box of document.querySelectorAll("details:not([open])")) box.open = true;
            const buttons = document.querySelectorAll(".toggle-hidden button.toggle-button");
            buttons.forEach((button) => button.click());
        }"""
    )
    settle(page)


UNREACHABLE = """() => [...document.querySelectorAll("article *")].filter((box) =>
    box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0
    && ["auto", "scroll"].includes(getComputedStyle(box).overflowX)
    && !box.querySelector("a[href], button, input, [tabindex='0']"))"""


def unreachable_by_keyboard(page: Page) -> list[str]:
    """Boxes that scroll sideways without a tab stop; theme and site give one after a moment."""
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(f"({UNREACHABLE})().length === 0", timeout=3000)
    return page.evaluate(
        f"({UNREACHABLE})().map((box) => `${{box.tagName}} .${{box.className}} scrolls`)"
    )


def turn_dark(page: Page) -> None:
    """Press the button that goes from light to dark to the system's own."""
    for _ in range(3):
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
        page.locator(".theme-switch-button").first.evaluate("(button) => button.click()")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("Promise.all(document.getAnimations().map((fading) => fading.finished))")


def thin_out(page: Page) -> None:
    """Leave two letters of a formula, and of each kind of code token in each kind of box the first.

    What is left out looks like what stays, and axe-core would spend most of its time on it.
    """
    page.evaluate(
        """() => {
            for (const box of document.querySelectorAll("mjx-container"))
                box.replaceChildren("xx");  // of a single one axe-core does not judge the colour
            const seen = new Set();
            for (const box of document.querySelectorAll(".highlight pre")) {
                const kinds = [], thin = box.cloneNode(true);
                for (let outer = box; outer.tagName !== "ARTICLE"; outer = outer.parentElement)
                    kinds.push(outer.tagName, outer.className);
                for (const token of thin.querySelectorAll("span")) {
                    const kind = [...kinds, token.parentElement.className, token.className].join();
                    if (seen.has(kind)) token.replaceWith(...token.childNodes);
                    seen.add(kind);
                }
                thin.normalize();
                box.replaceWith(thin);
            }
        }"""
    )


def accessibility_violations(page: Page, axe: str, colours_alone: bool = False) -> list[str]:
    """All violations of all of axe-core's rules, or of those on colour, whatever their impact."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(axe)
    return page.evaluate(
        """async (coloursAlone) => {
            const options = { resultTypes: ["violations"] };
            if (coloursAlone) options.runOnly = ["color-contrast", "link-in-text-block"];
            const { violations } = await axe.run(document, options);
            return violations.flatMap(({ id, impact, nodes }) => nodes.map((node) =>
                `${id} (${impact}): ${node.target} ${node.html.slice(0, 160)}`));
        }""",
        colours_alone,
    )


SHOWN = """(root) => {
    const [img, base = img] = root.querySelectorAll("img");
    return {
        image: img.src, base: base.src, alt: img.alt,
        caption: root.querySelector(".nnreg-explore-caption").textContent,
        value: root.querySelector("output").textContent,
        spoken: root.querySelector("input").getAttribute("aria-valuetext"),
        position: root.querySelector("input").valueAsNumber,
    };
}"""


class Explorer:
    """A slider and its picture, as a reader meets them."""

    def __init__(self, root: Locator):
        self.root = root
        self.slider = root.get_by_role("slider")
        stored = root.locator("script[type='application/json']").text_content()
        self.frames = json.loads(stored)

    @property
    def last(self) -> int:
        return len(self.frames) - 1

    def shows(self, position: int) -> None:
        """Assert that everything follows the frame at `position`."""
        seen, frame = self.root.evaluate(SHOWN), self.frames[position]
        assert seen["position"] == position
        assert seen["image"] == (frame["image"] or seen["base"])
        for what in ("alt", "caption", "value"):
            assert seen[what] == frame[what], what
        assert seen["spoken"] == frame["value"]

    def picture(self) -> bytes:
        image = self.root.locator("img").first
        image.evaluate("(img) => img.decode()")
        return image.screenshot()
