"""What counts as a difference: tolerances, and what is set aside."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from repro_tui.evidence.model import Key, SectionName

BY_DTYPE: Final = "dtype"
"""Stands for the tolerance that DTYPE_TOLERANCES gives."""
Amount = float | Literal["dtype"]
"""A tolerance as it is asked for: a number, 0 or more, or BY_DTYPE."""

DTYPE_TOLERANCES: Mapping[str, tuple[float, float]] = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
"""rtol and atol for numbers of a dtype, 0 for all others.

The table in the documentation of `torch.testing.assert_close` (PyTorch 2.13). It was made
for the result of a single operation, not for what a training has added up.
"""


class Rule(Struct, frozen=True):
    """One thing that may differ without counting as a difference.

    `pattern` is matched, case-sensitively, against the key's parts joined by `/`
    with the shell's wildcards (`fnmatch`).
    """

    name: str
    section: SectionName
    pattern: str
    why: str

    def matches(self, section: SectionName, key: Key) -> bool:
        return section == self.section and fnmatchcase("/".join(key), self.pattern)


class Tolerance(Struct, frozen=True):
    """How far two numbers a and b may be apart and still pass: by default not at all.

    They pass when they are equal to the bit, or |a - b| <= atol + rtol * min(|a|, |b|), or
    at most `ulp` representable numbers apart. `numpy.isclose` and `torch.testing` put one
    side's magnitude where the smaller one stands here: what passes here passes theirs
    whichever run is the base, and swapping the runs changes nothing.
    """

    rtol: float = 0.0
    atol: float = 0.0
    ulp: int = 0
    name: str = ""
    """As findings name it: `rtol 0.001 for val/loss, ulp 4`."""

    @property
    def exact(self) -> bool:
        return self.rtol == 0 and self.atol == 0 and self.ulp == 0


class ToleranceRule(Struct, frozen=True):
    """Tolerances for the numbers at the places that match.

    A place is the key's parts joined by `/`: a metric's name (`val/loss`), or a file and
    what the comparer calls the part of it (`model.pt/layer1.weight`). `pattern` is matched
    as that of `Rule`. One that matches a file or a folder also covers what is in it.
    """

    pattern: str
    section: SectionName | None = None
    """METRICS or ARTIFACTS; None: both."""
    rtol: Amount | None = None
    """None: this rule says nothing of it. So for the others."""
    atol: Amount | None = None
    ulp: int | None = None

    @property
    def name(self) -> str:
        """`rtol 0.001 for artifacts:model.pt`."""
        return f"{_names(self.rtol, self.atol, self.ulp)} for {self.where}"

    @property
    def where(self) -> str:
        return self.pattern if self.section is None else f"{self.section}:{self.pattern}"

    def matches(self, section: SectionName, place: Key) -> bool:
        if self.section not in (None, section):
            return False
        path = "/".join(place)
        inside = section is SectionName.ARTIFACTS and fnmatchcase(path, f"{self.pattern}/*")
        return inside or fnmatchcase(path, self.pattern)


class Policy(Struct, frozen=True):
    """What counts as a difference: exact unless the person asked otherwise.

    rtol, atol and ulp hold wherever no rule among `tolerances` says otherwise. Each of
    the three is looked up by itself, and the last rule that matches and speaks of it wins.
    """

    rtol: Amount = 0.0
    atol: Amount = 0.0
    ulp: int = 0
    tolerances: tuple[ToleranceRule, ...] = ()
    set_aside: tuple[Rule, ...] = ()
    place: Key = ()
    """What is being looked into, a file or a part of it: keys are below it."""

    @property
    def general(self) -> str:
        """The tolerance that holds where no rule says otherwise: `rtol 1e-05, ulp 4`."""
        return _names(self.rtol or None, self.atol or None, self.ulp or None)

    @property
    def asked(self) -> str:
        """Every tolerance: `rtol 1e-05; ulp 4 for val/loss`. Empty where all is exact."""
        return "; ".join(filter(None, (self.general, *(rule.name for rule in self.tolerances))))

    def inside(self, key: Key) -> "Policy":
        """The policy for what lies inside the artifact, or the part of one, at `key`."""
        return replace(self, place=(*self.place, *key))

    def tolerance(self, section: SectionName, key: Key, *dtypes: str) -> Tolerance:
        """The tolerance for the numbers at `key`, which are of these dtypes.

        Of several dtypes the loosest counts, as in `torch.testing`.
        """
        place = (*self.place, *key)
        rules = [rule for rule in reversed(self.tolerances) if rule.matches(section, place)]
        names: list[str] = []

        def amount(field: str) -> Amount:
            rule = next((rule for rule in rules if getattr(rule, field) is not None), None)
            asked: Amount = getattr(rule or self, field)
            value, source = asked, f" for {rule.where}" if rule else ""
            if asked == BY_DTYPE:
                column = ("rtol", "atol").index(field)
                value = max(DTYPE_TOLERANCES.get(dtype, (0.0, 0.0))[column] for dtype in dtypes)
                source = f" by dtype{source}"
            if value:
                names.append(f"{field} {value}{source}")
            return value

        rtol, atol, ulp = (amount(field) for field in ("rtol", "atol", "ulp"))
        return Tolerance(float(rtol), float(atol), int(ulp), ", ".join(names))

    def rule_for(self, section: SectionName, key: Key) -> Rule | None:
        """The first rule that sets the key aside, if any does."""
        return next((rule for rule in self.set_aside if rule.matches(section, key)), None)


def _names(rtol: Amount | None, atol: Amount | None, ulp: int | None) -> str:
    asked = {"rtol": rtol, "atol": atol, "ulp": ulp}
    return ", ".join(
        f"{name} {'by dtype' if amount == BY_DTYPE else amount}"
        for name, amount in asked.items()
        if amount is not None
    )
