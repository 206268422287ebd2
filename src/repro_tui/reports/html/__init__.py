"""Comparisons as one self-contained page: for a browser, for paper, without a script.

Every value passes `text.visible` and is escaped where a template prints it: that is a
setting of the environment, which no template has to think of. By its
Content-Security-Policy the page may load nothing and run nothing.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from repro_tui.compare.model import Comparison, DiffMark, Kind
from repro_tui.compare.several import Several
from repro_tui.evidence.model import Known, SectionName, Side
from repro_tui.reports import several, spread, words
from repro_tui.reports.html import curves
from repro_tui.reports.html.pictures import RUNS, pictures
from repro_tui.reports.runs import described
from repro_tui.text import plural, visible

_CELL = 160
"""Characters of a value in a short report; a full one cuts nothing."""
_MANY = 12
"""Rows from which a table is folded in a short report."""
_DRAWN = 24
"""Metrics that are drawn in a short report; the tables and JSON hold all."""
_DRAWN_FULL = 200


def html(compared: Comparison | Several, *, full: bool = False) -> str:
    """Write the comparison out as one HTML document, ending in one newline.

    Short: the verdict and all that is not plainly equal. `full` adds what is equal, every
    value whole and its source.
    """
    drawn = pictures(compared)
    most = _DRAWN_FULL if full else _DRAWN
    pair = isinstance(compared, Comparison)
    page = _environment().get_template("pair.html" if pair else "several.html")
    text = page.render(
        compared=compared,
        full=full,
        pictures=drawn[:most],
        undrawn=len(drawn[most:]),
        cell=None if full else _CELL,
    )
    return text.rstrip("\n") + "\n"


@cache
def _environment() -> Environment:
    """The templates, and what they may name."""
    environment = Environment(
        loader=PackageLoader("repro_tui.reports.html", "templates"),
        autoescape=True,
        finalize=_printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    style = files("repro_tui.reports.html").joinpath("templates/page.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment.globals |= {
        "style": Markup(style),  # noqa: S704 (our own file, which the policy's hash vouches for)
        "style_hash": digest,
        "words": words,
        "several": several,
        "spread": spread,
        "curves": curves,
        "described": described,
        "plural": plural,
        "Kind": Kind,
        "Side": Side,
        "SectionName": SectionName,
        "DiffMark": DiffMark,
        "MANY": _MANY,
        "RUNS": RUNS,
    }
    environment.tests["known"] = lambda fact: isinstance(fact, Known)
    return environment


def _printed(value: object) -> object:
    """What a template prints: markup of its own as it is, everything else made visible."""
    return value if isinstance(value, Markup) else visible(str(value))
