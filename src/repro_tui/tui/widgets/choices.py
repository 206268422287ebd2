"""The choices before a re-execution, as fields; empty ones stand for `as the original`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Checkbox, Collapsible, Input, Label, Select

from repro_tui.errors import ReproError
from repro_tui.rerun.model import MOST_TIMES, Determinism, Device, EnvManager, Request
from repro_tui.text import size
from repro_tui.tui.spelling import MUTED, shown

_AS_ORIGINAL = "as the original"
_USUAL = Request("")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the fields ask for: how the run is re-executed, and how often."""

    request: Request
    times: int


class Choices(VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__(id="choices")
        self._original: Mapping[str, str] = {}
        """The parameters as the original had them, once the first plan told."""

    def compose(self) -> ComposeResult:
        yield Label("Device")
        yield Select[str]([], prompt=_AS_ORIGINAL, id="device", compact=True)
        yield Label("Seed")
        yield Input(placeholder=_AS_ORIGINAL, id="seed", compact=True)
        with Horizontal(classes="pair"):
            with Vertical():
                yield Label("Threads")
                yield Input(placeholder=_AS_ORIGINAL, id="threads", compact=True)
            with Vertical():
                yield Label("Times")
                yield Input(placeholder="1", id="times", compact=True)
        yield Label("Determinism")
        yield _select(Determinism, _USUAL.determinism, "determinism")
        yield Label("Environment manager")
        yield _select(EnvManager, _USUAL.env_manager, "manager")
        yield Vertical(id="parameters")
        with Collapsible(title="Code and data", id="more"):
            yield Label("Repository: path or URL")
            yield Input(placeholder="where the run says", id="repository", compact=True)
            yield Checkbox("Fill submodules", id="submodules", compact=True)
            yield Checkbox("Fetch Git LFS files", id="lfs", compact=True)
            yield Label("Copy in what Git ignores")
            yield Input(placeholder="data, models/base.pt", id="links", compact=True)

    def offer_devices(self, devices: Iterable[Device]) -> None:
        options = []
        for device in devices:
            memory = f", {size(device.memory)}" if device.memory else ""
            text = shown(f"{device.name}  {device.description}{memory}", limit=60)
            options.append((text, device.name))
        self.query_one("#device", Select).set_options(options)

    def offer_parameters(self, parameters: Mapping[str, str]) -> None:
        """The parameters to change, as the first plan has them; later ones change nothing."""
        if self._original or not parameters:
            return
        self._original = dict(parameters)
        boxes: list[Label | Input] = [Label(Content("Parameters"))]
        for name, value in parameters.items():
            boxes.append(Label(shown(name, MUTED, 30)))
            boxes.append(Input(value, name=name, compact=True))
        self.query_one("#parameters", Vertical).mount(*boxes)

    def open_more(self) -> None:
        """Show the fields that supply what a refusal may miss."""
        self.query_one("#more", Collapsible).collapsed = False

    def asked(self, run_id: str) -> Asked:
        """Raises ReproError where a field holds what it cannot."""
        device = self.query_one("#device", Select).value
        request = Request(
            run_id=run_id,
            device=device if isinstance(device, str) else None,
            seed=self._number("seed"),
            determinism=Determinism(str(self.query_one("#determinism", Select).value)),
            env_manager=EnvManager(str(self.query_one("#manager", Select).value)),
            overrides={
                box.name: box.value
                for box in self.query("#parameters Input").results(Input)
                if box.name is not None and box.value != self._original[box.name]
            },
            threads=self._number("threads"),
            repository=self._text("repository") or None,
            submodules=self.query_one("#submodules", Checkbox).value,
            lfs=self.query_one("#lfs", Checkbox).value,
            links=tuple(filter(None, map(str.strip, self._text("links").split(",")))),
        )
        times = self._number("times")
        if times is not None and not 1 <= times <= MOST_TIMES:
            raise ReproError(f"It cannot be run {times} times.", f"Give 1 to {MOST_TIMES}.")
        return Asked(request, times or 1)

    def _text(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value.strip()

    def _number(self, field: str) -> int | None:
        text = self._text(field)
        if text and not (text.isascii() and text.isdigit()):
            raise ReproError(f"The field {field} has no whole number.", "Give digits, or none.")
        return int(text) if text else None


def _select(kind: type[Determinism] | type[EnvManager], usual: str, field: str) -> "Select[str]":
    options = [(str(each), str(each)) for each in kind]
    return Select(options, value=str(usual), allow_blank=False, id=field, compact=True)
