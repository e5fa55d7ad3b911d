"""« 0 courriel »: nothing is singular in French, in every template."""

import pytest
from django.template import engines


@pytest.mark.parametrize(
    ("value", "forms", "read"),
    [
        (0, "", "courriel"),
        (1, "", "courriel"),
        (2, "", "courriels"),
        ([], "", "courriel"),
        (["un", "deux"], "", "courriels"),
        (0, ':"al,aux"', "courrielal"),
        (2, ':"al,aux"', "courrielaux"),
        (None, "", "courriel"),
    ],
)
def test_nothing_and_one_are_singular(value, forms, read):
    template = engines["django"].from_string(f"courriel{{{{ value|pluralize{forms} }}}}")

    assert template.render({"value": value}) == read
