"""Two runs' evidence compared, section by section: the heart of the program."""

from collections.abc import Iterable

from repro_tui.compare import packages
from repro_tui.compare.code import CommitsBetween, Opener, compare_code
from repro_tui.compare.mappings import compare_scalars, compare_section
from repro_tui.compare.metrics import compare_histories
from repro_tui.compare.model import Comparison, Finding, SectionComparison
from repro_tui.compare.policy import Policy
from repro_tui.compare.suspects import suspects
from repro_tui.compare.trees import compare_artifacts
from repro_tui.compare.verdict import first_divergence, verdict
from repro_tui.evidence.model import Evidence, History, Key, Known, SectionName

__all__ = ["Opener", "compare"]


def compare(
    left: Evidence,
    right: Evidence,
    policy: Policy,
    opener: Opener,
    look_inside: int,
    text_limit: int,
    commits_between: CommitsBetween,
) -> Comparison:
    """Compare two runs; the left one is the base.

    `opener` gives the bytes of a file. Artifacts larger than `look_inside` bytes and code
    files larger than `text_limit` bytes are compared by digest alone.
    """
    used = {**right.reach.files, **left.reach.files}
    imports = left.reach.imports | right.reach.imports
    astray = packages.strays(left), packages.strays(right)

    def findings(name: SectionName) -> tuple[Finding, ...]:
        sides = left[name], right[name]
        if name is SectionName.CODE:
            return compare_code(*sides, policy, opener, text_limit, commits_between, used)
        if name is SectionName.ARTIFACTS:
            return compare_artifacts(*sides, policy, opener, look_inside)
        scalars = compare_scalars(name)

        def compare_known(key: Key, a: Known, b: Known) -> Finding:
            if isinstance(a.value, History) and isinstance(b.value, History):
                return compare_histories(key, a, b, policy)
            return scalars(key, a, b)

        found: Iterable[Finding] = compare_section(*sides, policy, compare_known)
        if name is SectionName.LOCKFILES:
            had = "the environment had "
            found = packages.join(found, astray[0].by_lock, astray[1].by_lock, had)
        elif name is SectionName.ENVIRONMENT:
            found = packages.join(found, astray[0].by_package, astray[1].by_package)
        else:
            return tuple(found)
        return packages.by_reach(found, imports)

    sections = {name: SectionComparison(name, findings(name)) for name in SectionName}
    settled = verdict(left.run, right.run, sections, (astray[0].summary, astray[1].summary))
    return Comparison(
        left=left.run,
        right=right.run,
        policy=policy,
        sections=sections,
        verdict=settled,
        first_divergence=first_divergence(sections[SectionName.METRICS]),
        suspects=suspects(sections, settled, used, imports),
    )
