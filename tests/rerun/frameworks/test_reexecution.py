"""Unseeded trainings in every framework, through the whole chain: an opt-in group.

Two plain executions differ; two re-executions with one seed do not, in any metric point
or any byte of the model.
"""

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.evidence.git import commit
from tests.rerun.conftest import Store
from tests.rerun.frameworks import programs

from repro_tui import settings as configuration
from repro_tui.compare.model import OutcomesVerdict
from repro_tui.engine import Engine
from repro_tui.evidence.model import SectionName
from repro_tui.evidence.tags import Tag
from repro_tui.evidence.tracking import discover
from repro_tui.rerun.model import Determinism, JobState, Plan, Request

PROGRAMS = {
    "numpy": programs.NUMPY,
    "scikit-learn": programs.SKLEARN,
    "torch": programs.TORCH,
    "tensorflow": programs.TENSORFLOW,
    "xgboost": programs.XGBOOST,
    "lightgbm": programs.LIGHTGBM,
    "together": programs.TOGETHER,
}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.timeout(600)
def test_only_seeded_executions_repeat_themselves(
    name: str, interpreter: Path, store: Store, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    head = commit(repository, {"train.py": PROGRAMS[name]})
    tags = {
        Tag.SOURCE_NAME: str(repository / "train.py"),
        Tag.SOURCE_TYPE: "LOCAL",
        Tag.GIT_COMMIT: head,
    }
    engine = Engine(configuration.load(), discover(store.uri, tmp_path), store.reader)
    original = store.add(tags)

    def executed(request: Request) -> str:
        plan = engine.plan(request)
        assert isinstance(plan, Plan), plan
        job = engine.wait(engine.submit(replace(plan, interpreter=str(interpreter))))
        assert job.state is JobState.FINISHED, job.log.read_text()
        assert job.run_id is not None
        return job.run_id

    plain = Request(original, determinism=Determinism.OFF)
    apart = engine.compare(executed(plain), executed(plain))
    assert apart.verdict.outcomes is OutcomesVerdict.DIFFERENT
    seeded = Request(original, seed=7)
    for request in (seeded, replace(seeded, determinism=Determinism.STRICT)):
        if name == "tensorflow" and request.determinism is Determinism.STRICT:
            # Under op determinism TensorFlow refuses its global generator.
            continue
        same = engine.compare(executed(request), executed(request))
        assert same.verdict.outcomes is OutcomesVerdict.IDENTICAL, same.verdict
        assert len(same[SectionName.ARTIFACTS].findings) > 0
