"""A real tracking server behind TLS and logins, reached by MLflow's own variables."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from tests.evidence.tracking.gateway import Gateway, gateway
from tests.evidence.tracking.stores import Store, read_everything

from repro_tui.errors import ReproError
from repro_tui.evidence.tracking import open_reader
from repro_tui.evidence.tracking.rest import RestReader

BASIC = "Basic bWU6czNjcmV0"
LOGIN = {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "s3cret"}


@pytest.fixture(scope="module")
def before_the_server(
    database: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    with gateway(database.server, tmp_path_factory.mktemp("gateway")) as told:
        yield told


@pytest.fixture
def certified(
    before_the_server: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Gateway:
    """The gateway, trusted and trusting: only a login is missing."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(before_the_server.certificate))
    monkeypatch.setenv("MLFLOW_TRACKING_CLIENT_CERT_PATH", str(before_the_server.own))
    before_the_server.wanted, before_the_server.cuts = BASIC, False
    return before_the_server


@pytest.mark.parametrize(
    ("wanted", "variables"),
    [(BASIC, LOGIN), ("Bearer abc", {"MLFLOW_TRACKING_TOKEN": "abc"})],
    ids=["login", "token"],
)
def test_everything_is_read_through_it(
    certified: Gateway,
    rest: RestReader,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    variables: Mapping[str, str],
) -> None:
    certified.wanted = wanted
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with closing(open_reader(certified.address, Path("unused"))) as reader:
        assert isinstance(reader, RestReader)
        assert read_everything(reader) == read_everything(rest)


def test_a_login_in_the_address_is_used(certified: Gateway) -> None:
    address = certified.address.replace("//", "//me:s3cret@")
    with closing(open_reader(address, Path("unused"))) as reader:
        assert len(reader.experiments()) == 5


def test_its_certificate_is_checked_unless_that_was_forbidden(
    certified: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    with closing(open_reader(certified.address, Path("unused"))) as reader:
        with pytest.raises(ReproError, match="certificate") as refusal:
            reader.experiments()
        assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in refusal.value.hint
        monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
        assert len(reader.experiments()) == 5


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("MLFLOW_TRACKING_PASSWORD", "wrong", "refuses access"),
        ("MLFLOW_TRACKING_CLIENT_CERT_PATH", "", "does not answer"),
        (
            "MLFLOW_TRACKING_CLIENT_CERT_PATH",
            "nowhere.pem",
            "CLIENT_CERT_PATH names",
        ),
        (
            "MLFLOW_TRACKING_SERVER_CERT_PATH",
            "nowhere.pem",
            "SERVER_CERT_PATH names",
        ),
    ],
)
def test_what_is_missing_is_told(
    certified: Gateway, monkeypatch: pytest.MonkeyPatch, name: str, value: str, reason: str
) -> None:
    for variable, content in (LOGIN | {name: value}).items():
        monkeypatch.setenv(variable, content)
    with closing(open_reader(certified.address, Path("unused"))) as reader:
        with pytest.raises(ReproError, match=reason) as refusal:
            reader.experiments()
        assert refusal.value.hint


def test_a_server_that_goes_away_in_the_middle_is_told_and_read_again(
    certified: Gateway, database: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    run_id = database.run_ids["metrics"]
    with closing(open_reader(certified.address, Path("unused"))) as reader:
        expected = reader.histories(run_id)
        for call in (reader.run, reader.histories, reader.datasets, reader.logged_models):
            certified.cuts = True
            with pytest.raises(ReproError, match="does not answer"):
                call(run_id)
            certified.cuts = False
        assert reader.histories(run_id) == expected
