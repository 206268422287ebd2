"""Small examples of runs, evidence and comparisons for tests.

`evidence()` is complete: every section is known, and two of them are equal to the bit.
`changed(evidence, section, key, fact)` differs from it in one place.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import numpy as np
from msgspec.structs import replace

from repro_tui.compare.compare import compare
from repro_tui.compare.model import Comparison
from repro_tui.compare.policy import Policy, Rule
from repro_tui.compare.several import Several, compare_several
from repro_tui.errors import ReproError
from repro_tui.evidence.model import (
    Commit,
    Dataset,
    Evidence,
    Fact,
    FileRef,
    GitBlob,
    History,
    Key,
    Known,
    LocalFile,
    Missing,
    Package,
    Run,
    Section,
    SectionName,
    Value,
)
from repro_tui.evidence.tags import Tag

LEFT_ID = "0a" * 16
RIGHT_ID = "1b" * 16
COMMIT = "c0ffee" * 6 + "c0ff"

_contents: dict[str, bytes] = {}


def run(run_id: str = LEFT_ID, name: str = "baseline", **fields: object) -> Run:
    """A finished run of one minute. `fields` are those of `Run`."""
    usual = Run(
        run_id=run_id,
        name=name,
        experiment_id="1",
        experiment_name="digits",
        status="FINISHED",
        start_time=1_760_000_000_000,
        end_time=1_760_000_060_000,
        artifact_uri=f"file:///store/1/{run_id}/artifacts",
        user="ada",
        params={"lr": "0.001", "epochs": "3", "conf": '{"layers": [64, 32]}'},
        tags={
            Tag.RUN_NAME: name,
            Tag.GIT_COMMIT: COMMIT,
            Tag.GIT_BRANCH: "main",
            Tag.ENTRY_POINT: "main",
            Tag.SOURCE_NAME: "train.py",
        },
        metrics={"loss": 0.125, "accuracy": 0.9375},
    )
    return replace(usual, **fields)


def known(value: Value, source: str = "test") -> Known:
    return Known(value, source)


def history(
    values: Sequence[float],
    steps: Sequence[int] | None = None,
    timestamps: Sequence[int] | None = None,
) -> History:
    """A metric's points; by default steps 0, 1, 2… one second apart."""
    count = range(len(values))
    return History(
        steps=np.array(count if steps is None else steps, dtype=np.int64),
        timestamps=np.array(
            [1_760_000_000_000 + 1000 * i for i in count] if timestamps is None else timestamps,
            dtype=np.int64,
        ),
        values=np.array(values, dtype=np.float64),
    )


def file(path: str, content: bytes = b"") -> FileRef:
    """An artifact whose bytes `opener` gives back."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _contents[digest] = content
    return FileRef(path, len(content), digest, LocalFile(f"/artifacts/{path}"))


def blob(path: str, content: bytes = b"") -> FileRef:
    """A file in a Git repository whose bytes `opener` gives back."""
    header = f"blob {len(content)}\0".encode()
    blob_id = hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
    _contents[f"git:{blob_id}"] = content
    return FileRef(path, len(content), f"git:{blob_id}", GitBlob("/repository/.git", blob_id))


def bytes_of(ref: FileRef) -> bytes:
    """The bytes of what `file` and `blob` made."""
    return _contents[ref.digest]


def opener(ref: FileRef) -> BinaryIO:
    """The same as a stream."""
    return io.BytesIO(bytes_of(ref))


def no_commits(repository: str, old: str, new: str) -> tuple[Commit, ...]:
    """The repository of `blob` is not on this machine."""
    raise ReproError(f"{repository} is gone.")


def facts() -> dict[SectionName, dict[Key, Fact]]:
    """A complete set of facts, fresh to change."""
    digits = Dataset(
        name="digits",
        digest="9f86d081",
        source_type="code",
        source="sklearn.datasets.load_digits",
        schema='{"mlflow_colspec": []}',
        profile='{"num_rows": 1797}',
        context="training",
    )
    values: dict[SectionName, dict[Key, Value]] = {
        SectionName.CODE: {
            ("commit",): COMMIT,
            ("branch",): "main",
            ("uncommitted changes",): "none",
            ("entry point",): "main",
            ("command",): "python train.py --conf confs/training.yaml",
            ("files", "train.py"): blob("train.py", b"import torch\nlr = 0.001\n"),
            ("files", "README.md"): blob("README.md", b"# Digits\n"),
        },
        SectionName.PARAMS: {(name,): value for name, value in run().params.items()},
        SectionName.DATA: {
            ("datasets", "digits (training)", "digest"): digits.digest,
            ("datasets", "digits (training)", "source"): digits.source,
            ("datasets", "digits (training)", "schema"): digits.schema,
            ("datasets", "digits (training)", "profile"): digits.profile,
            ("dvc", "data/raw.csv", "md5"): "5d41402abc4b2a76b9719d911017c592",
            ("dvc", "data/raw.csv", "size"): 1024,
        },
        SectionName.ENVIRONMENT: {
            ("python",): "3.11.7",
            ("implementation",): "CPython",
            ("os",): "Debian GNU/Linux 12",
            ("cpu",): "AMD EPYC 7B13",
            ("host",): "workstation",
            ("packages", "numpy"): Package("2.3.4"),
            ("packages", "torch"): Package("2.9.0"),
            ("libraries", "blas"): "OpenBLAS 0.3.30",
            ("variables", "OMP_NUM_THREADS"): "2",
        },
        SectionName.LOCKFILES: {
            ("uv.lock", "numpy"): Package("2.3.4", "https://example.org/simple", ("sha256:01",)),
            ("uv.lock", "torch"): Package("2.9.0", "https://example.org/simple", ("sha256:02",)),
        },
        SectionName.RANDOMNESS: {
            ("seed",): 7,
            ("determinism",): "seed",
            ("PYTHONHASHSEED",): "7",
            ("torch", "seed"): 7,
            ("torch", "deterministic algorithms"): False,
            ("threads", "torch"): 2,
        },
        SectionName.DEVICE: {("device",): "cpu", ("name",): "AMD EPYC 7B13"},
        SectionName.METRICS: {
            ("loss",): history([1.0, 0.5, 0.25, 0.125]),
            ("accuracy",): history([0.25, 0.5, 0.875, 0.9375]),
            ("epoch_seconds",): history([1.5, 1.25]),
        },
        SectionName.ARTIFACTS: {
            ("predictions.csv",): file("predictions.csv", b"id,label\n1,3\n2,5\n"),
            ("plots/loss.txt",): file("plots/loss.txt", b"1.0\n0.5\n"),
            ("models", "digits", "weights.bin"): file("weights.bin", bytes(range(64))),
        },
        SectionName.STATUS: {("status",): "FINISHED", ("duration",): 60_000},
    }
    return {
        section: {key: known(value) for key, value in listed.items()}
        for section, listed in values.items()
    }


def evidence(
    of: Run | None = None, sections: Mapping[SectionName, Mapping[Key, Fact]] | None = None
) -> Evidence:
    """Complete evidence; `sections` replace whole sections of it."""
    complete = {**facts(), **(sections or {})}
    return Evidence(
        run() if of is None else of,
        {name: Section(name, complete[name]) for name in SectionName},
    )


def changed(before: Evidence, section: SectionName, key: Key, fact: Fact | None) -> Evidence:
    """`before` with one fact replaced, added, or (None) taken away."""
    listed = {k: f for k, f in before[section].facts.items() if k != key}
    if fact is not None:
        listed[key] = fact
    return Evidence(before.run, {**before.sections, section: Section(section, listed)})


def rerun_evidence() -> Evidence:
    """The same as `evidence()`, of another run: half a second longer, on another host."""
    again = evidence(run(RIGHT_ID, "re-execution", tags={Tag.REEXECUTES: LEFT_ID}))
    again = changed(again, SectionName.STATUS, ("duration",), known(60_500))
    return changed(again, SectionName.ENVIRONMENT, ("host",), known("build-7"))


POLICY = Policy(
    set_aside=(
        Rule("timing", SectionName.METRICS, "*_seconds", "a measured time never repeats"),
        Rule("duration", SectionName.STATUS, "duration", "a measured time never repeats"),
        Rule("host name", SectionName.ENVIRONMENT, "host", "a machine's name computes nothing"),
        Rule("repro-tui's record", SectionName.ARTIFACTS, "repro-tui/*", "compared as inputs"),
    )
)
"""Exact, and set aside what the program's own defaults set aside."""


def compared(left: Evidence, right: Evidence, policy: Policy = POLICY) -> Comparison:
    """The real comparison of two examples."""
    return compare(left, right, policy, opener, 2**20, 2**16, no_commits)


def reproduced() -> Comparison:
    return compared(evidence(), rerun_evidence())


def nondeterministic() -> Comparison:
    """Equal inputs, and a loss that parts at step 2 by one representable number."""
    loss = history([1.0, 0.5, float(np.nextafter(0.25, 1)), 0.126])
    return compared(
        evidence(), changed(rerun_evidence(), SectionName.METRICS, ("loss",), known(loss))
    )


def diverged() -> Comparison:
    """Another learning rate, a torch minor version and a line of code; all kinds of findings."""
    right = rerun_evidence()
    for section, key, fact in (
        (SectionName.CODE, ("commit",), known("badc0de" * 5 + "badc0")),
        (
            SectionName.CODE,
            ("files", "train.py"),
            known(blob("train.py", b"import torch\nlr = 0.01\n")),
        ),
        (SectionName.CODE, ("files", "evaluate.py"), known(blob("evaluate.py", b"print('new')\n"))),
        (SectionName.PARAMS, ("lr",), known("0.01")),
        (SectionName.PARAMS, ("epochs",), known("3.0")),
        (SectionName.PARAMS, ("conf",), known('{"layers": [64, 16]}')),
        (SectionName.PARAMS, ("momentum",), known("0.9")),
        (SectionName.ENVIRONMENT, ("packages", "torch"), known(Package("2.10.0"))),
        (SectionName.ENVIRONMENT, ("libraries",), Missing("no record of the execution")),
        (SectionName.ENVIRONMENT, ("libraries", "blas"), None),
        (SectionName.METRICS, ("loss",), known(history([1.0, 0.75, 0.5, float("nan")]))),
        (SectionName.METRICS, ("accuracy",), known(history([0.25, 0.5, 0.75]))),
        (SectionName.METRICS, ("epoch_seconds",), known(history([1.75, 1.5]))),
        (
            SectionName.ARTIFACTS,
            ("predictions.csv",),
            known(file("predictions.csv", b"id,label\n1,3\n2,8\n")),
        ),
        (SectionName.ARTIFACTS, ("plots/loss.txt",), None),
        (SectionName.ARTIFACTS, ("models", "digits", "weights.bin"), known(file("w", bytes(64)))),
    ):
        right = changed(right, section, key, fact)
    return compared(evidence(), right)


def unverifiable() -> Comparison:
    """The artifacts of the right run are gone, and it was not recorded."""
    gap = Missing("no record of the execution; the run was not started by repro-tui")
    return compared(
        evidence(),
        evidence(
            run(RIGHT_ID, "twin"),
            {
                SectionName.RANDOMNESS: {(): gap},
                SectionName.DEVICE: {(): gap},
                SectionName.ARTIFACTS: {(): Missing("the artifact folder is gone")},
            },
        ),
    )


def several() -> Several:
    """A twin, a run on another learning rate, and one whose artifacts are gone."""
    base, twin = evidence(), evidence(run(f"{2:032x}", "twin"))
    other = changed(evidence(run(f"{3:032x}", "twin")), SectionName.PARAMS, ("lr",), known("0.01"))
    other = changed(other, SectionName.METRICS, ("loss",), known(history([1.0, 0.5])))
    lost = evidence(
        run(f"{4:032x}", "lost"), {SectionName.ARTIFACTS: {(): Missing("the folder is gone")}}
    )
    return compare_several(base, (twin, other, lost), compared)


def repeats(seeds: Sequence[str] = ("", "", "")) -> Several:
    """Three re-executions whose losses vary a little, told to have these seeds."""
    again = [
        changed(
            evidence(
                run(f"{n:032x}", "again", tags={Tag.REEXECUTES: LEFT_ID, Tag.SEED: seeds[n - 2]})
            ),
            SectionName.METRICS,
            ("loss",),
            known(history([1.0, 0.5, 0.25, 0.125 + n / 1000])),
        )
        for n in (2, 3, 4)
    ]
    return compare_several(evidence(), again, compared)


HOSTILE = (
    "\x1b]0;owned\x07[red]\x1b[31m",
    "</details><script>alert(1)</script>",
    "a | b\n| c |",
    "```\n# heading",
    "![x](https://example.org/x.png)",
    "[click](javascript:alert(1)) @everyone",
    "\u202egnp.exe",
    "[/nothing]",
)
"""Texts that attack terminals, Textual markup, HTML, Markdown tables and readers."""


def hostile() -> Comparison:
    """Every text that a stranger chooses is an attack, and differs between the runs."""
    return compared(*hostile_evidence())


def hostile_several() -> Several:
    """The same of three runs, the last two as repeats of the first."""
    left, right = hostile_evidence()
    third = Evidence(replace(right.run, run_id="2c" * 16), right.sections)
    return compare_several(left, (right, third), compared, repeats=True)


def hostile_evidence() -> tuple[Evidence, Evidence]:
    left = evidence(run(name=HOSTILE[0], user=HOSTILE[1], experiment_name=HOSTILE[4]))
    right = evidence(run(RIGHT_ID, HOSTILE[5], user=HOSTILE[6], experiment_name=HOSTILE[2]))
    for number, text in enumerate(HOSTILE):
        other = HOSTILE[number - 1]
        for section, key in (
            (SectionName.PARAMS, (text,)),
            (SectionName.ENVIRONMENT, ("packages", text)),
            (SectionName.RANDOMNESS, (text, text)),
        ):
            left = changed(left, section, key, known(text, text))
            right = changed(right, section, key, known(other, other))
        left = changed(left, SectionName.METRICS, (text,), known(history([1.0, float("inf")])))
        right = changed(right, SectionName.METRICS, (text,), known(history([1.0, 2.0])))
        left = changed(
            left, SectionName.ARTIFACTS, (text,), known(file(text, f"{text}\nx\n".encode()))
        )
        right = changed(
            right, SectionName.ARTIFACTS, (text,), known(file(text, f"{other}\nx\n".encode()))
        )
        right = changed(right, SectionName.LOCKFILES, (text,), Missing(text))
    return left, right
