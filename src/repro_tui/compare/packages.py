"""Packages: how far a change of one reaches, and what the locks say of what was installed."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from repro_tui.compare.mappings import noted
from repro_tui.compare.model import Finding, Kind
from repro_tui.evidence.model import Evidence, Fact, Key, Known, Package, SectionName

_NUMERIC = frozenset(
    {
        *("accelerate", "catboost", "cupy", "datasets", "flax", "jax", "jaxlib", "keras"),
        *("lightgbm", "lightning", "mkl", "numba", "numpy", "pandas", "polars", "pytorch"),
        *("pytorch-lightning", "scikit-learn", "scipy", "statsmodels", "tensorflow"),
        *("tokenizers", "torch", "torchaudio", "torchvision", "transformers", "triton", "xgboost"),
        "xgboost-cpu",
    }
)
"""Distributions that compute, or that decide what is computed on."""
_NUMERIC_PREFIXES = ("nvidia-", "intel-", "cupy-", "jax-cuda", "onednn")
_MOST_NAMED = 3


def distribution(name: str) -> str:
    """The distribution that a fact is about: `torch` of `torch[cpu] (sys_platform == 'linux')`."""
    return name.partition(" ")[0].partition("[")[0]


def numeric(name: str) -> bool:
    """Whether a distribution computes, or decides what is computed on."""
    return name in _NUMERIC or name.startswith(_NUMERIC_PREFIXES)


def by_reach(findings: Iterable[Finding], imports: frozenset[str]) -> tuple[Finding, ...]:
    """Numeric libraries first, then what the code imports, then the rest.

    Only packages change places: other facts, and the files that packages stand in, stay.
    """

    def place(finding: Finding) -> tuple[Key, int, Key]:
        # A gap may stand for the whole section, at the empty key.
        name = distribution(finding.key[-1]) if len(finding.key) > 1 else ""
        rank = 0 if numeric(name) else 1 if name in imports else 2
        return finding.key[:1], rank, finding.key

    return tuple(sorted(findings, key=place))


class Strays(Struct, frozen=True):
    """What one run had installed otherwise than a lock says."""

    by_lock: Mapping[Key, str]
    """By the lock's fact: the version that was installed."""
    by_package: Mapping[Key, str]
    """By the environment's fact: what the lock says, `uv.lock says 2.3.4`."""
    summary: str
    """`numpy 2.3.5 (uv.lock says 2.3.4) and 2 more`; empty: there are none."""


def strays(evidence: Evidence) -> Strays:
    """Join a run's locks with its environment.

    A lock covers other platforms and groups too: what it names and nobody installed says
    nothing. Where it names one package several times, one of these must be what was
    installed. What is not known to be installed in some version is passed over.
    """
    by_lock: dict[Key, str] = {}
    by_package: dict[Key, str] = {}
    installed: dict[Key, str] = {}
    environment = evidence[SectionName.ENVIRONMENT]
    for (path, name), locked in _locked(evidence).items():
        key: Key = ("python",) if name == "python" else ("packages", name)
        version = _version(environment.facts.get(key))
        wanted = list(dict.fromkeys(package.version for package in locked.values()))
        if not version or any(_allows(each, version, _is_prefix(path, name)) for each in wanted):
            continue
        by_lock |= dict.fromkeys(locked, version)
        installed[key] = version
        said = f"{path} says {' or '.join(wanted)}"
        by_package[key] = ", ".join(filter(None, (by_package.get(key), said)))
    first = sorted(installed, key=lambda key: (not numeric(key[-1]), key))
    named = [f"{key[-1]} {installed[key]} ({by_package[key]})" for key in first[:_MOST_NAMED]]
    more = [f"{len(first) - _MOST_NAMED:,} more"] if len(first) > _MOST_NAMED else []
    return Strays(by_lock, by_package, ", ".join(named + more))


def join(
    findings: Iterable[Finding], left: Mapping[Key, str], right: Mapping[Key, str], had: str = ""
) -> Iterator[Finding]:
    """Each finding with what the other section of the same run says of it.

    `had` leads each remark: `the environment had `.
    """
    for finding in findings:
        a, b = left.get(finding.key), right.get(finding.key)
        if a and a == b:
            finding = noted(finding, f"both: {had}{a}")
        else:
            for side, said in (("left", a), ("right", b)):
                if said:
                    finding = noted(finding, f"{side}: {had}{said}")
        yield finding


def installed_alike(findings: Iterable[Finding]) -> frozenset[str]:
    """Distributions that both runs are known to have had in one version."""
    return frozenset(
        finding.key[1]
        for finding in findings
        if finding.kind is Kind.EQUAL and finding.key[0] == "packages" and len(finding.key) == 2
    )


def _locked(evidence: Evidence) -> dict[tuple[str, str], dict[Key, Package]]:
    """What the locks say: by lock and distribution, every fact about it."""
    locked: dict[tuple[str, str], dict[Key, Package]] = {}
    for key, fact in evidence[SectionName.LOCKFILES].facts.items():
        match fact:
            case Known(value=Package() as package) if len(key) == 2 and package.version:
                locked.setdefault((key[0], distribution(key[1])), {})[key] = package
    return locked


def _version(fact: Fact | None) -> str:
    match fact:
        case Known(value=Package(version=version)):
            return version
        case Known(value=str(version)):
            return version
    return ""


def _is_prefix(path: str, name: str) -> bool:
    """Whether a bare version in that file stands for all that begin with it.

    As MLflow reads the Python of a python_env.yaml, and conda what its environment.yml
    spells with one `=`. A conda-lock.yml is exact.
    """
    file = path.rpartition("/")[2]
    return name == "python" or (file.endswith((".yml", ".yaml")) and "lock" not in file)


def _allows(wanted: str, installed: str, prefix: bool) -> bool:
    """Whether a locked version, or the versions that a requirement allows, hold this one."""
    try:
        if wanted[0] in "<>=!~":
            return SpecifierSet(wanted).contains(installed, prereleases=True)
        if prefix:
            return SpecifierSet(f"=={wanted}.*").contains(installed, prereleases=True)
        return Version(wanted) == Version(installed)
    except (InvalidSpecifier, InvalidVersion):
        return wanted == installed
