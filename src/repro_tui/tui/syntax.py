"""Which stretches of a text are what, to the language that its file's name stands for. Pure."""

from collections.abc import Sequence
from itertools import accumulate

from textual.highlight import HighlightTheme, guess_language, highlight

Styled = tuple[tuple[int, int, str], ...]
"""Start, end and style of stretches of one line."""

_MOST_CHARACTERS = 400_000
"""Of a text that is coloured: some languages take their time."""
_LONGEST = 2_000
"""Characters of a line; longer ones are nobody's code, and slow."""
_LANGUAGES = {
    "uv.lock": "toml",
    "poetry.lock": "toml",
    "Pipfile": "toml",
    "Pipfile.lock": "json",
    "MLproject": "yaml",
    "MLmodel": "yaml",
    "Dockerfile": "docker",
    "Makefile": "make",
}
_SUFFIXES = {"yml": "yaml", "ipynb": "json", "pyi": "python", "cfg": "ini"}
_ONE_FOR_ONE = {ord(c): " " for c in "\t\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"}
"""What would be taken for more or fewer characters, or for the end of a line."""


class _Theme(HighlightTheme):
    """Textual's, but for what is underlined: here that is what differs."""

    STYLES = {  # noqa: RUF012 (as Textual has it)
        token: style.replace(" underline", "") for token, style in HighlightTheme.STYLES.items()
    }


def styles(path: str, lines: Sequence[str]) -> list[Styled]:
    """The styles of each line of a file's text; none where its name stands for no language."""
    found: list[list[tuple[int, int, str]]] = [[] for _ in lines]
    lengths = [len(line) for line in lines]
    language = _language(path)
    short = sum(lengths) <= _MOST_CHARACTERS and max(lengths, default=0) <= _LONGEST
    if language and lines and short:
        plain = "\n".join(line.translate(_ONE_FOR_ONE) for line in lines)
        starts = [0, *accumulate(length + 1 for length in lengths)]
        at = 0
        for start, end, style in highlight(plain, language=language, theme=_Theme).spans:
            if style in ("", "$text"):
                continue
            while start >= starts[at + 1]:
                at += 1
            line = at
            while line < len(lines) and starts[line] < end:
                first, last = max(start - starts[line], 0), min(end - starts[line], lengths[line])
                if first < last:
                    found[line].append((first, last, str(style)))
                line += 1
    return [tuple(line) for line in found]


def _language(path: str) -> str:
    name = path.rpartition("/")[2]
    suffix = name.rpartition(".")[2].lower()
    known = _LANGUAGES.get(name) or _SUFFIXES.get(suffix) or guess_language("", name)
    return "" if known in ("default", "text") else known
