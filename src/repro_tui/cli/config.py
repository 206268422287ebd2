"""`repro-tui config`: which settings are in force, and who decided each of them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro_tui.cli.console import complain, format_option, narrate, print_out
from repro_tui.cli.manual import ENVIRONMENT, FILES, manual
from repro_tui.errors import ExitCode, ReproError
from repro_tui.text import plural, visible

if TYPE_CHECKING:
    from repro_tui.layers import Layers, Setting
    from repro_tui.tui.keys import Keymap


@click.command(
    short_help="Show the settings in force.",
    epilog=manual(
        examples={
            "repro-tui config": "what is in force, and why",
            "repro-tui config --init": "a file to start with, every key explained",
            "repro-tui config --check my.toml": "every mistake, with its line",
            "repro-tui config --keys": "the ids of actions, for [keys]",
        },
        exit_codes={"0": "done", "2": "the settings hold a mistake, or could not be written"},
        environment=ENVIRONMENT,
        files=FILES,
    ),
)
@format_option
@click.option("--path", "wanted", flag_value="path", help="Print where the settings file is.")
@click.option("--keys", "wanted", flag_value="keys", help="List actions by id, with their keys.")
@click.option("--init", "wanted", flag_value="init", help="Write a file to start with.")
@click.option(
    "--check", "file", type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="FILE", help="Tell every mistake in a settings file.",
)  # fmt: skip
def config(format_: str, wanted: str | None, file: Path | None) -> int | None:
    """Show the settings in force, and where each of them comes from.

    They come from the defaults, your file over them, and the environment over both. A
    theme that was picked in the program stands until the file names another one.
    """
    from repro_tui.settings import user_file

    if file is not None:
        return _check(file)
    if wanted == "path":
        click.echo(user_file())
    elif wanted == "init":
        _init(user_file())
    elif wanted == "keys":
        _keys(format_)
    else:
        _show(format_)
    return None


def _show(format_: str) -> None:
    from repro_tui.settings import load, read, user_file, worn

    settings = load()
    layers = read()
    told = [
        worn(layers, settings.state) if setting.name == "theme" else setting
        for setting in layers.settings()
    ]
    folders = {"themes": settings.themes, "state": settings.state, "cache": settings.cache}
    own = layers.own.path if layers.own else None
    if format_ == "json":
        document = {
            "schema": "repro-tui.config/1",
            "file": None if own is None else str(own),
            "folders": {name: str(folder) for name, folder in folders.items()},
            "settings": [
                {"name": one.name, "value": one.value, "source": one.source, "where": one.where}
                for one in told
            ],
        }
        click.echo(json.dumps(document, indent=2))
        return
    _print_table(("setting", "value", "from"), _rows(told))
    for name, folder in folders.items():
        narrate(f"{name}: {visible(str(folder))}")
    there = "" if own else " (not there; `repro-tui config --init` writes one)"
    narrate(f"your settings: {visible(str(user_file()))}{there}")


def _rows(settings: "Iterable[Setting]") -> Iterator[tuple[str, str, str]]:
    from repro_tui.layers import Source

    for one in settings:
        where = one.source.value if one.source is Source.DEFAULT else one.where
        if one.source is Source.PICKED:
            where = "picked in the program"
        yield one.name, _toml(one.value), where


def _toml(value: Any) -> str:
    """A value as it is written in the file."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return str(value)


def _print_table(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title in titles:
        table.add_column(title, overflow="fold", no_wrap=title == titles[0])
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    print_out(table)


def _check(path: Path) -> int:
    """Every mistake in a settings file, as far as they can be told at once."""
    from repro_tui.settings import read

    layers = read(path)
    mistakes = list(layers.problems()) or list(_deeper_mistakes(layers))
    for mistake in mistakes:
        complain(mistake)
    if mistakes:
        return ExitCode.FAILED
    own = sum(setting.source == "file" for setting in layers.settings())
    narrate(f"{visible(str(path))} is right: it decides {plural(own, 'setting')}.")
    return 0


def _deeper_mistakes(layers: "Layers") -> Iterator[ReproError]:
    """What is wrong with values whose types are right, with keys, and with the themes."""
    from repro_tui.settings import resource, settle
    from repro_tui.tomlfile import did_you_mean
    from repro_tui.tui.keys import bound, keymap
    from repro_tui.tui.themes import load_themes

    try:
        settings = settle(layers)
        yield from keymap(settings.keys, bound()).clashes
    except ReproError as mistake:
        yield mistake
        return
    themes, problems = load_themes(resource("themes"), settings.themes)
    yield from problems
    names = [theme.name for theme in themes]
    if settings.theme_asked not in names:
        what = f"{layers.where('theme')}: no theme is named {settings.theme_asked}."
        yield ReproError(what, did_you_mean(settings.theme_asked, names))


def _init(path: Path) -> None:
    from repro_tui.output import write_new
    from repro_tui.settings import resource

    defaults = (resource("confs") / "repro-tui.toml").read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, starting_file(defaults))
    narrate(f"Wrote {visible(str(path))}: take the # from a key that you want to change.")


def starting_file(defaults: str) -> str:
    """The defaults with every key behind a `#`, tables and explanations as they are.

    Of the rules to set aside, which a person's file adds to, one is left as an example.
    """
    head = "# Settings of repro-tui, each with its default: take the # from a key to change it.\n"
    _, _, body = defaults.partition("\n\n")
    kept, rule, rest = body.partition("[[set_aside]]")
    example, _, _ = (rule + rest).partition("\n\n")
    lines = (kept + example).split("\n")
    is_table = [line.startswith("[") and not line.startswith("[[") for line in lines]
    commented = (
        line if table or not line or line.startswith("#") else f"#{line}"
        for line, table in zip(lines, is_table, strict=True)
    )
    return "\n".join([head, *commented]) + "\n"


def _keys(format_: str) -> None:
    from repro_tui.settings import load
    from repro_tui.tui.keys import bound, keymap, written

    known = bound()
    own: Keymap = keymap(load().keys, known)
    now = {one.id: own.keys[one.id].split(",") if one.id in own.keys else one.keys for one in known}
    if format_ == "json":
        listed = [
            {"id": one.id, "keys": list(now[one.id]), "default": list(one.keys),
             "description": one.description}
            for one in known
        ]  # fmt: skip
        click.echo(json.dumps({"schema": "repro-tui.keys/1", "actions": listed}, indent=2))
        return
    rows = []
    for one in known:
        usual = "" if tuple(now[one.id]) == one.keys else written(one.keys)
        rows.append((one.id, written(now[one.id]), one.description, usual))
    titles = ("id", "keys", "what it does", *(("by default",) if own.keys else ()))
    _print_table(titles, (row[: len(titles)] for row in rows))
    for clash in own.clashes:
        narrate(f"warning: {visible(str(clash))}")
