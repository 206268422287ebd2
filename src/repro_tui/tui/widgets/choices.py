"""The choices before a re-execution, as fields; empty ones stand for `as the original`."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Collapsible, Input, Label, Select

from repro_tui.errors import ReproError
from repro_tui.rerun.model import MOST_TIMES, Determinism, Device, EnvManager, Request, Series
from repro_tui.rerun.presets import Preset, fitted
from repro_tui.text import size
from repro_tui.tui.spelling import MUTED, shown

_AS_ORIGINAL = "as the original"
_OTHER_SEEDS = "other"
_USUAL = Request("")


class Asked(Struct, frozen=True):
    """What the fields ask for: how the run is re-executed, how often, with which seeds."""

    request: Request
    series: Series


class Choices(VerticalScroll, can_focus=False):
    def __init__(self) -> None:
        super().__init__(id="choices")
        self._original: Mapping[str, str] = {}
        """The parameters as the original had them, once the first plan told."""
        self._usual = Determinism.SEED
        """The determinism where none is chosen, once the first plan told."""
        self._presets: dict[str, Preset] = {}
        """Those that fit this machine and the run, by name."""
        self._unfit: dict[str, ReproError] = {}
        """Why the others do not."""

    def compose(self) -> ComposeResult:
        yield Label("Preset")
        yield Select[str]([], prompt="none: as chosen below", id="preset", compact=True)
        yield _field("Device", Select[str]([], prompt=_AS_ORIGINAL, id="device", compact=True))
        yield _field("Seed", Input(placeholder=_AS_ORIGINAL, id="seed", compact=True))
        yield Label(Content.styled(f"or 1, 2, 3 or {_OTHER_SEEDS}", MUTED), id="seeds-hint")
        yield _field("Times", Input(placeholder="1", id="times", compact=True))
        yield _field("Threads", Input(placeholder=_AS_ORIGINAL, id="threads", compact=True))
        yield _field("Determinism", _select(Determinism, self._usual, "determinism"))
        yield _field("Environment", _select(EnvManager, _USUAL.env_manager, "manager"))
        yield Vertical(id="parameters")
        with Collapsible(title="Code and data", id="more"):
            yield Label("Repository: path or URL")
            yield Input(placeholder="where the run says", id="repository", compact=True)
            yield Checkbox("Fill submodules", id="submodules", compact=True)
            yield Checkbox("Fetch Git LFS files", id="lfs", compact=True)
            yield Label("Copy in what Git ignores")
            yield Input(placeholder="data, models/base.pt", id="links", compact=True)

    # --- What there is to choose from ----------------------------------------------------

    def offer_devices(self, devices: Iterable[Device]) -> None:
        options = []
        for device in devices:
            memory = f", {size(device.memory)}" if device.memory else ""
            text = shown(f"{device.name}  {device.description}{memory}", limit=60)
            options.append((text, device.name))
        self._offer("device", options)

    def offer_presets(
        self, presets: Iterable[Preset], original: str | None, devices: Sequence[Device]
    ) -> None:
        """The presets, for a run that had the device `original`; one that does not fit says so."""
        options = []
        for preset in presets:
            try:
                self._presets[preset.name] = fitted(preset, original, devices)
                self._unfit.pop(preset.name, None)
                label = shown(preset.name, limit=60)
            except ReproError as error:
                self._unfit[preset.name] = error
                label = Content("✗ ") + shown(f"{preset.name}: {error.message}", MUTED, 100)
            options.append((label, preset.name))
        self._offer("preset", options)

    def _offer(self, field: str, options: Sequence[tuple[Content, str]]) -> None:
        select = self.query_one(f"#{field}", Select)
        chosen = select.value
        with self.prevent(Select.Changed):
            select.set_options(options)
            if chosen in [value for _, value in options]:
                select.value = chosen

    def offer_determinism(self, usual: Determinism) -> None:
        """What the run is re-executed with where nobody chooses: shown where nobody has."""
        select = self.query_one("#determinism", Select)
        unchosen = select.value == self._usual
        self._usual = usual
        if unchosen:
            with self.prevent(Select.Changed):
                select.value = usual.value

    def offer_parameters(self, parameters: Mapping[str, str]) -> None:
        """The parameters to change, as the first plan has them; later ones change nothing."""
        if self._original or not parameters:
            return
        self._original = dict(parameters)
        boxes: list[Widget] = [Label("Parameters")]
        for name, value in parameters.items():
            boxes.append(_field(shown(name, MUTED), Input(value, name=name, compact=True)))
        self.query_one("#parameters", Vertical).mount(*boxes)

    # --- Presets ---------------------------------------------------------------------------

    def take_preset(self) -> None:
        """Fill the fields as the chosen preset has it. Raises ReproError where it does not fit."""
        name = self.query_one("#preset", Select).value
        if not isinstance(name, str):
            return
        if name in self._unfit:
            with self.prevent(Select.Changed):
                self.query_one("#preset", Select).clear()
            raise self._unfit[name]
        for field, value in self._filled(self._presets[name]).items():
            widget = self.query_one(f"#{field}")
            if isinstance(widget, Input):
                widget.value = value
            elif isinstance(widget, Select):
                if value:
                    widget.value = value
                else:
                    widget.clear()

    def tell_preset(self) -> None:
        """Show the preset that the fields come to, or none."""
        now = {field: self._value(field) for field in self._filled(Preset(""))}
        select = self.query_one("#preset", Select)
        named = (name for name, preset in self._presets.items() if self._filled(preset) == now)
        found = next(named, None)
        with self.prevent(Select.Changed):
            if found is None:
                select.clear()
            elif select.value != found and not self._is(select.value, now):
                select.value = found

    def _is(self, name: object, now: Mapping[str, str]) -> bool:
        preset = self._presets.get(name) if isinstance(name, str) else None
        return preset is not None and self._filled(preset) == now

    def _filled(self, preset: Preset) -> dict[str, str]:
        """What stands in the fields of which a preset speaks."""
        several = preset.seeds
        seeds = several if isinstance(several, str) else ", ".join(map(str, several))
        one = "" if preset.seed is None else str(preset.seed)
        often = preset.series.times
        return {
            "device": preset.device or "",
            "seed": seeds or one,
            "times": str(often) if often > 1 and seeds in ("", _OTHER_SEEDS) else "",
            "threads": "" if preset.threads is None else str(preset.threads),
            "determinism": preset.determinism or self._usual,
            "manager": preset.env_manager,
        }

    def _value(self, field: str) -> str:
        widget = self.query_one(f"#{field}")
        if isinstance(widget, Input):
            return widget.value.strip()
        assert isinstance(widget, Select)
        return widget.value if isinstance(widget.value, str) else ""

    # --- What is asked ---------------------------------------------------------------------

    def open_more(self) -> None:
        """Show the fields that supply what a refusal may miss."""
        self.query_one("#more", Collapsible).collapsed = False

    def asked(self, run_id: str) -> Asked:
        """Raises ReproError where a field holds what it cannot."""
        seeds = self._seeds()
        determinism = Determinism(self._value("determinism"))
        request = Request(
            run_id=run_id,
            device=self._value("device") or None,
            seed=seeds[0] if len(seeds) == 1 else None,
            determinism=None if determinism == self._usual else determinism,
            env_manager=EnvManager(self._value("manager")),
            overrides={
                box.name: box.value
                for box in self.query("#parameters Input").results(Input)
                if box.name is not None and box.value != self._original[box.name]
            },
            threads=self._number("threads"),
            repository=self._value("repository") or None,
            submodules=self.query_one("#submodules", Checkbox).value,
            lfs=self.query_one("#lfs", Checkbox).value,
            links=tuple(filter(None, map(str.strip, self._value("links").split(",")))),
        )
        times = self._number("times")
        if times is not None and not 1 <= times <= MOST_TIMES:
            raise ReproError(f"It cannot be run {times} times.", f"Give 1 to {MOST_TIMES}.")
        if self._value("seed") == _OTHER_SEEDS:
            return Asked(request, Series(times or 1, other_seeds=True))
        if len(seeds) < 2:
            return Asked(request, Series(times or 1))
        if times not in (None, len(seeds)):
            raise ReproError(
                f"There are {len(seeds)} seeds for {times} times.", "Leave the field times empty."
            )
        return Asked(request, Series(len(seeds), seeds))

    def _seeds(self) -> tuple[int, ...]:
        """Those that are named."""
        text = self._value("seed")
        if not text or text == _OTHER_SEEDS:
            return ()
        words = [word.strip() for word in text.split(",")]
        if not all(word.isascii() and word.isdigit() for word in words):
            raise ReproError(
                "The field seed has no whole number.",
                f"Give digits, several with commas, {_OTHER_SEEDS}, or none.",
            )
        return tuple(map(int, words))

    def _number(self, field: str) -> int | None:
        text = self._value(field)
        if text and not (text.isascii() and text.isdigit()):
            raise ReproError(f"The field {field} has no whole number.", "Give digits, or none.")
        return int(text) if text else None


def _field(label: Content | str, widget: Widget) -> Horizontal:
    """A field with its label before it."""
    return Horizontal(Label(label, classes="label"), widget, classes="field")


def _select(kind: type[Determinism] | type[EnvManager], usual: str, field: str) -> "Select[str]":
    options = [(str(each), str(each)) for each in kind]
    return Select(options, value=str(usual), allow_blank=False, id=field, compact=True)
