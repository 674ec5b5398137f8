"""axe-core finds nothing, on any page, light and dark, with everything unfolded."""

from __future__ import annotations

import pytest

from .checks import accessibility_violations, unfold

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_has_no_accessibility_violation(page_name, theme, address, visit, axe):
    page = visit(f"{address}{page_name}.html", theme=theme).page
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    unfold(page)
    violations = accessibility_violations(page, axe)
    assert not violations, "\n".join(violations)
