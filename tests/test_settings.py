"""`settings`: defaults, the person's file over them, the environment over both."""

from pathlib import Path

import pytest

from repro_tui.cli.diff import SECTIONS
from repro_tui.compare.policy import Policy
from repro_tui.errors import ReproError
from repro_tui.evidence.model import SectionName
from repro_tui.settings import load, resource


def test_the_defaults_are_exact_and_set_timing_aside() -> None:
    settings = load()
    assert settings.policy == Policy(set_aside=settings.policy.set_aside)
    rules = {rule.name for rule in settings.policy.set_aside}
    assert {"timing", "system metrics", "host name"} <= rules


def test_timing_patterns_do_not_reach_metrics_that_only_sound_alike() -> None:
    def aside(metric: str) -> bool:
        return any(r.matches(SectionName.METRICS, (metric,)) for r in load().policy.set_aside)

    assert aside("epoch_seconds")
    assert aside("system/gpu_0_utilization")
    assert not any(aside(name) for name in ("sentiment_accuracy", "lifetime_value", "loss"))


def test_the_persons_file_overrides_single_keys_and_adds_rules(own_file: Path) -> None:
    before = load_defaults_beside(own_file)
    own_file.write_text(
        '[tolerance]\nrtol = 1\n[[set_aside]]\nname = "mine"\nsection = "metrics"\n'
        'pattern = "x"\nwhy = "I say so"\n'
    )
    settings = load()
    assert (settings.policy.rtol, settings.policy.atol) == (1.0, 0.0)
    assert len(settings.policy.set_aside) == before + 1


def test_how_many_jobs_a_device_may_hold(own_file: Path) -> None:
    own_file.write_text("[jobs]\nper_device = 4\n")
    assert load().jobs_per_device == 4
    own_file.write_text("[jobs]\nper_device = 0\n")
    with pytest.raises(ReproError, match=r"own.toml:2: jobs.per_device is 0"):
        load()


def test_repositories_are_mapped_and_trusted(own_file: Path) -> None:
    own_file.write_text(
        'trusted_repositories = ["~/project", "https://git.example.org/x.git"]\n'
        '[[repositories]]\nfrom = "/old/"\nto = "~/new"\n'
        '[[repositories]]\nfrom = "git@git.example.org:"\nto = "https://git.example.org/"\n'
    )
    settings = load()
    assert settings.repositories == {
        "/old": str(Path.home() / "new"),
        "git@git.example.org:": "https://git.example.org/",
    }
    assert settings.trusted == (str(Path.home() / "project"), "https://git.example.org/x.git")


def load_defaults_beside(own_file: Path) -> int:
    own_file.write_text("")
    return len(load().policy.set_aside)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("theme = 3", "theme"),
        ("[tolerance]\nrtolerance = 1.0", "tolerance.rtolerance"),
        ("[tolerance\n", "not valid TOML"),
        ('[[set_aside]]\nname = "x"', "set_aside"),
        ('[[repositories]]\nfrom = "/old"', "[[repositories]]"),
        ('[[repositories]]\nfrom = "/"\nto = "/new"', "[[repositories]]"),
        ('[[repositories]]\nfrom = "/old"\nto = "new"', "from '/old' is a relative path: new"),
        ("repositories = [3]", "[[repositories]]"),
        ("trusted_repositories = [3]", "trusted_repositories"),
        ('trusted_repositories = ["here"]', "trusted_repositories is a relative path: here"),
        (
            '[[set_aside]]\nname = "x"\nsection = "nowhere"\npattern = "y"\nwhy = "z"',
            "names no section",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file(own_file: Path, text: str, named: str) -> None:
    own_file.write_text(text)
    with pytest.raises(ReproError) as caught:
        load()
    assert str(own_file) in caught.value.message
    assert named in caught.value.message
    assert caught.value.hint


def test_a_settings_file_that_is_named_but_missing_is_said_so(own_file: Path) -> None:
    with pytest.raises(ReproError, match="is no file"):
        load()


def test_the_environment_comes_last(own_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_file.write_text('theme = "from-file"')
    monkeypatch.setenv("REPRO_TUI_THEME", "from-environment")
    monkeypatch.setenv("REPRO_TUI_STATE_DIR", str(own_file.parent / "elsewhere"))
    assert load().theme == "from-environment"
    assert load().jobs == own_file.parent / "elsewhere" / "jobs"


def test_confs_and_themes_are_found() -> None:
    assert (resource("confs") / "repro-tui.toml").is_file()
    assert resource("themes").is_dir()


def test_the_command_line_knows_every_section() -> None:
    assert tuple(SectionName) == SECTIONS
