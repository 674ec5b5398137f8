"""The quiz as it is answered: by mouse, by key, on a phone, in the dark, without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from ..test_quiz import QUESTIONS, words
from .checks import (
    PHONE,
    WIDE,
    accessibility_violations,
    settle,
    thin_out,
    too_wide,
    turn_dark,
    unset_formulas,
)

pytestmark = pytest.mark.browser

VERDICTS = {True: "Right.", False: "Not this one."}
WITHOUT_FORMULAS = """(box) => {
    const copy = box.cloneNode(true);
    copy.querySelectorAll("mjx-container").forEach((formula) => formula.remove());
    return copy.textContent;
}"""


@pytest.fixture
def opened(address, visit):
    return visit(f"{address}book/quiz.html")


def form_of(page: Page, number: int) -> Locator:
    return page.locator("form.quiz").nth(number)


def verdict_of(form: Locator) -> Locator:
    """Return the verdict, once its formulas are set."""
    verdict = form.get_by_role("status")
    expect(verdict).not_to_have_attribute("aria-busy", "true")
    return verdict


def answer(form: Locator, choice: int) -> Locator:
    form.locator("label").nth(choice).click()
    form.get_by_role("button").click()
    return verdict_of(form)


def test_each_choice_gets_a_verdict_and_a_reason_that_fit_a_phone(opened):
    page = opened.page
    page.set_viewport_size(PHONE)
    for number, question in enumerate(QUESTIONS):
        form = form_of(page, number)
        for choice, (_, reason) in enumerate(question["choices"]):
            verdict = answer(form, choice)
            right = choice + 1 == question["right"]
            expect(verdict.locator("strong")).to_have_text(VERDICTS[right])
            said = words(verdict.evaluate(WITHOUT_FORMULAS))
            assert said == words(VERDICTS[right] + reason)
            assert too_wide(page) == []
    page.set_viewport_size(WIDE)
    assert unset_formulas(page) == []
    assert not opened.problems


def test_the_section_to_read_comes_with_the_verdict(opened):
    form = form_of(opened.page, 0)
    expect(form.get_by_role("link")).to_be_hidden()
    answer(form, 0)
    form.get_by_role("link").click()
    expect(opened.page.get_by_role("heading", level=1)).to_contain_text("Show a network memorising")


def test_without_a_choice_it_asks_for_one_and_another_choice_clears_the_verdict(opened):
    form = form_of(opened.page, 0)
    form.get_by_role("button").click()
    expect(form.get_by_role("status")).to_have_text("Choose an answer first.")
    answer(form, 0)
    form.locator("label").nth(2).click()
    expect(form.get_by_role("status")).to_be_empty()


def test_the_keyboard_alone_is_enough(opened):
    form, keyboard = form_of(opened.page, 0), opened.page.keyboard
    choices, right = form.get_by_role("radio"), QUESTIONS[0]["right"] - 1
    choices.first.focus()
    for _ in range(right):
        keyboard.press("ArrowDown")
    expect(choices.nth(right)).to_be_checked()
    expect(form.get_by_role("status")).to_be_empty()  # to look at a choice is not to answer
    keyboard.press("Tab")
    expect(form.get_by_role("button")).to_be_focused()
    keyboard.press("Space")
    expect(verdict_of(form).locator("strong")).to_have_text("Right.")
    expect(form.get_by_role("button")).to_be_focused()
    keyboard.press("Tab")
    expect(form.get_by_role("link")).to_be_focused()


def test_a_group_is_named_by_its_question_and_a_button_by_its_number(opened):
    form = form_of(opened.page, 5)
    expect(form.get_by_role("group")).to_have_accessible_name(
        re.compile("^1. The data would choose")
    )
    expect(form.get_by_role("button")).to_have_accessible_name("Check question 1 on Penalties")


def test_verdicts_are_accessible_in_both_themes(opened, axe):
    page = opened.page
    answer(form_of(page, 0), 0)
    answer(form_of(page, 0), QUESTIONS[0]["right"] - 1)
    answer(form_of(page, 1), 0)
    settle(page)
    thin_out(page)
    assert accessibility_violations(page, axe) == []
    turn_dark(page)
    assert accessibility_violations(page, axe, colours_alone=True) == []


def test_it_works_from_the_disk(site, visit):
    opened = visit((site / "book" / "quiz.html").as_uri())
    verdict = answer(form_of(opened.page, 0), QUESTIONS[0]["right"] - 1)
    expect(verdict).to_contain_text("Right.")
    assert not opened.problems


def test_without_scripts_it_says_so_and_leads_to_the_sections(browser: Browser, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}book/quiz.html")
    expect(page.locator("noscript p")).to_contain_text("runs no scripts")
    expect(form_of(page, 0).locator("legend")).to_be_visible()
    expect(form_of(page, 0).get_by_role("link")).to_be_visible()
    assert page.get_by_role("button", name="Check").count() == 0
    context.close()
