"""MLproject files: what a project declares, and the command an entry point becomes.

The format is MLflow's (`mlflow.projects._project_spec`). Pure: text in, nouns out.
"""

import shlex
import string
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import yaml

from repro_tui.errors import ReproError
from repro_tui.rerun.model import EntryPoint, Parameter, Project

FILE_NAME = "mlproject"
"""MLflow takes the file of this name in any case."""

SIZE_LIMIT = 1 << 20
"""Characters of an MLproject file that are read; a larger one is refused."""

_ENVIRONMENTS = ("python_env", "conda_env", "docker_env")
_INTERPRETERS = {".py": "python", ".sh": "bash"}


def parse(text: str) -> Project:
    """Read the text of an MLproject file.

    Raises ReproError, naming the place, where MLflow could not run the file either.
    """
    if len(text) > SIZE_LIMIT:
        raise _invalid(f"it is longer than {SIZE_LIMIT:,} characters")
    try:
        document = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _invalid("it is not valid YAML") from error
    top = _mapping(document, "the file")
    if "databricks_spark_job" in top:
        raise _invalid("a Databricks Spark job cannot be run on this machine")
    named = [kind for kind in _ENVIRONMENTS if top.get(kind)]
    if len(named) > 1:
        raise _invalid(f"it names more than one environment ({', '.join(named)})")
    entry_points = _mapping(top.get("entry_points", {}), "entry_points")
    name = top.get("name")
    return Project(
        name=name if isinstance(name, str) else "",
        entry_points={name: _entry_point(name, body) for name, body in entry_points.items()},
        environment=_environment(named[0], top[named[0]]) if named else "",
    )


def find_entry_point(project: Project | None, name: str) -> EntryPoint | None:
    """The entry point of that name, or the script that it names, as MLflow decides it."""
    if project is not None and name in project.entry_points:
        return project.entry_points[name]
    interpreter = _INTERPRETERS.get(PurePosixPath(name).suffix)
    if interpreter is None:
        return None
    return EntryPoint(name, _literal(f"{interpreter} {shlex.quote(name)}"))


def as_module(script: str, tree: Collection[str]) -> EntryPoint | None:
    """The script run by `python -m`, as the module that it is; None: it lies in no package.

    `tree` are the files of the commit.
    """
    path = PurePosixPath(script)
    root = path.parent
    while root.name and str(root / "__init__.py") in tree:
        root = root.parent
    names = path.relative_to(root).with_suffix("").parts
    if names[-1] == "__main__":
        names = names[:-1]
    in_package = path.suffix == ".py" and root != path.parent
    if not in_package or not all(name.isidentifier() for name in names):
        return None
    found_by = f"PYTHONPATH={shlex.quote(str(root))} " if root.name else ""
    return EntryPoint(script, _literal(f"{found_by}python -m {'.'.join(names)}"))


def verbatim(command: str) -> EntryPoint:
    """A recorded command as an entry point that declares nothing."""
    return EntryPoint("", _literal(command))


def _literal(command: str) -> str:
    """A command in which braces are no placeholders."""
    return command.replace("{", "{{").replace("}", "}}")


def runs_script(entry_point: EntryPoint, script: str) -> bool:
    """Whether the entry point's command runs `script`, a path from the project's folder."""
    try:
        words = shlex.split(entry_point.command)
    except ValueError:
        return False
    module = script.removesuffix(".py").replace("/", ".")
    return any(
        PurePosixPath(word) == PurePosixPath(script) or (before == "-m" and word == module)
        for before, word in zip(["", *words], words, strict=False)
    )


def fill(entry_point: EntryPoint, given: Mapping[str, str]) -> dict[str, str]:
    """`given` and the defaults of what was declared and not given, declared ones first."""
    declared = {
        name: given.get(name, parameter.default)
        for name, parameter in entry_point.parameters.items()
    }
    known = {name: value for name, value in declared.items() if value is not None}
    return known | {name: value for name, value in given.items() if name not in declared}


def render(entry_point: EntryPoint, parameters: Mapping[str, str]) -> str:
    """The shell command that MLflow makes of an entry point.

    Every value is quoted for the shell. A declared parameter that the command does not
    mention is dropped; an undeclared one is appended as `--name value`. Paths stay as
    they are given: relative to the project's folder, where the command runs.

    Raises ReproError where a declared parameter has no value, where a `uri` is none, or
    where the template holds more than plain `{name}` placeholders.
    """
    values = fill(entry_point, parameters)
    for name, parameter in entry_point.parameters.items():
        if name not in values:
            raise ReproError(
                f"The parameter {name!r} has no value and no default.", f"Give it: -P {name}=…"
            )
        if parameter.type == "uri" and not _is_uri(values[name]):
            raise ReproError(f"The parameter {name!r} must be a URI, not {values[name]!r}.")
    declared = {name: shlex.quote(values[name]) for name in entry_point.parameters}
    extra = [
        f"--{shlex.quote(name)} {shlex.quote(value)}"
        for name, value in values.items()
        if name not in declared
    ]
    return " ".join([_substitute(entry_point, declared), *extra])


def unquote(value: str) -> str:
    """Undo the quoting with which MLflow stores a project's parameters.

    A value that is not what `shlex.quote` writes was stored as it is.
    """
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if len(words) == 1 and shlex.quote(words[0]) == value else value


def _substitute(entry_point: EntryPoint, values: Mapping[str, str]) -> str:
    # str.format would follow attributes, indices and field widths, which a stranger
    # chooses: `{a:>9999999999}` takes all memory. Plain names are all that is needed.
    where = f"the command of {entry_point.name!r}"
    try:
        pieces = list(string.Formatter().parse(entry_point.command))
    except ValueError as error:
        raise _invalid(f"{where} has a stray brace; a literal one is written twice") from error
    command = []
    for literal, field, spec, conversion in pieces:
        command.append(literal)
        if field is None:
            continue
        if spec or conversion:
            raise _invalid(f"{where} formats {{{field}}}; only plain placeholders are followed")
        if field not in values:
            raise _invalid(f"{where} uses {{{field}}}, which is not among its parameters")
        command.append(values[field])
    return "".join(command)


def _is_uri(value: str) -> bool:
    try:
        return bool(urlsplit(value).scheme)
    except ValueError:
        return False


def _entry_point(name: object, body: object) -> EntryPoint:
    where = f"the entry point {name!r}"
    if not isinstance(name, str):
        raise _invalid(f"{where} has a name that is no text; put it in quotes")
    table = _mapping(body, where)
    command = table.get("command")
    if not isinstance(command, str):
        raise _invalid(f"{where} has no command")
    parameters = _mapping(table.get("parameters", {}), f"parameters of {where}")
    return EntryPoint(
        name, command, {key: _parameter(key, value, where) for key, value in parameters.items()}
    )


def _parameter(name: object, body: object, where: str) -> Parameter:
    if not isinstance(name, str):
        # YAML 1.1 reads `y`, `on` and `no` as booleans.
        raise _invalid(f"{where} has a parameter {name!r} that is no text; put it in quotes")
    if isinstance(body, str):
        return Parameter(name, body)
    table = _mapping(body, f"the parameter {name!r} of {where}")
    kind, default = table.get("type", "string"), table.get("default")
    # A list of aliases of lists would be endless as text.
    if not isinstance(kind, str) or isinstance(default, list | dict | set):
        raise _invalid(f"the parameter {name!r} of {where} holds more than plain values")
    return Parameter(name, kind, None if default is None else str(default))


def _environment(kind: str, value: object) -> str:
    if kind == "docker_env":
        value = _mapping(value, kind).get("image")
    if not isinstance(value, str):
        raise _invalid(f"its {kind} is incomplete")
    return f"{kind}: {value}"


def _mapping(value: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(value, dict):
        raise _invalid(f"{where} is not a mapping")
    return value


def _invalid(reason: str) -> ReproError:
    return ReproError(
        f"The MLproject file cannot be used: {reason}.", "Correct it and commit the correction."
    )
