"""How the application looks: the theme that is worn, and when which stylesheet is read."""

from pathlib import Path
from typing import Any, cast

from textual.app import App
from textual.constants import DEFAULT_THEME
from textual.reactive import Initialize, Reactive
from textual.theme import Theme

from repro_tui.errors import ReproError
from repro_tui.settings import Settings, resource
from repro_tui.tomlfile import did_you_mean
from repro_tui.tui.themes import FALLBACK, derived, load_themes

_DEFAULT_THEME = "repro-dark"
_LATER = Path(__file__).with_name("later.tcss")


class StyledApp(App[None]):
    """An application in our themes and the person's; `theme` stands above the settings' one."""

    CSS_PATH = "first.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (as Textual has it)

    # It is worn from the first on: to change it is to read the whole stylesheet again.
    theme: Reactive[str] = Reactive(Initialize(lambda app: cast("StyledApp", app)._first_theme))

    def __init__(self, settings: Settings, theme: str | None) -> None:
        themes, self.theme_problems = load_themes(resource("themes"), settings.themes)
        self._themes = {theme.name: theme for theme in themes}
        self._first_theme: str = self._choose_theme(theme or settings.theme)
        super().__init__()

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        self.theme_variables = variables | derived(variables)
        return self.theme_variables

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict(FALLBACK)

    def on_mount(self) -> None:
        few = self.console.color_system in (None, "standard", "windows")
        self.set_class(few and not self.is_headless, "-few-colours")

    def push_screen(self, *arguments: Any, **options: Any) -> Any:
        self.read_later_styles()
        return super().push_screen(*arguments, **options)

    def read_later_styles(self) -> None:
        """Read the look of what is opened later, unless it was read.

        With a `CSS_PATH` of its own each screen would make Textual parse everything again.
        """
        if not self.stylesheet.has_source(str(_LATER)):
            self.stylesheet.add_source(_LATER.read_text("utf-8"), (str(_LATER), ""))
            self.stylesheet.parse()

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Ours and the person's, not Textual's."""
        return self._themes or super().available_themes

    def _choose_theme(self, wanted: str) -> str:
        """The one that is wanted, or another one and a problem to tell."""
        if wanted in self._themes:
            return wanted
        if not self._themes:
            return DEFAULT_THEME
        problem = ReproError(f"No theme is named {wanted}.", did_you_mean(wanted, self._themes))
        self.theme_problems += (problem,)
        return _DEFAULT_THEME if _DEFAULT_THEME in self._themes else next(iter(self._themes))
