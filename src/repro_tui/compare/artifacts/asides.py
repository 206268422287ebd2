"""What may differ inside a file without counting: every rule, by name, with its reason.

A rule is a guess about meaning, so each is as narrow as the writers allow, and each use
of one is shown.
"""

import re

from repro_tui.compare.artifacts.file import Aside

ADDRESSES = Aside("memory addresses", "an address names a place in memory, anew in each process")
ARCHIVE_LAYOUT = Aside(
    "archive layout", "compression, padding, comments, owners and modes hold no content"
)
ARCHIVE_TIMES = Aside("archive timestamps", "when a member was written never repeats")
COMPRESSED = Aside("compression", "unpacked, the contents are equal")
DOCUMENT_LAYOUT = Aside(
    "document layout", "white space, comments, order of keys and spelling hold no value"
)
IDS = Aside("generated ids", "a run id or uuid is drawn anew each time")
MARKUP_IDS = Aside("generated element ids", "an element's id is numbered or drawn anew each time")
MEMBER_ORDER = Aside("member order", "members are found by name, not by place")
MODEL_LOCATION = Aside("MLmodel location", "where a model lies does not change what it is")
MODEL_SIZE = Aside("MLmodel size", "the files that it adds up are compared one by one")
PICKLE_LAYOUT = Aside("pickle layout", "protocol, framing and order of keys hold no value")
PICTURE_ENCODING = Aside("picture encoding", "every pixel is equal, packed otherwise")
PICTURE_METADATA = Aside("picture metadata", "it is written beside the pixels, not seen in them")
ROOT_FOLDER = Aside("checkpoint root folder", "torch.save names it after the file")
SAME_NUMBER = Aside("number spelling", "the same number, written differently")
SERIALIZATION_ID = Aside(
    "torch serialization id", "a digest of what is compared in full, and of the file's name"
)
STORAGE_KEYS = Aside(
    "torch storage keys", "PyTorch before 1.6 named storages by their addresses in memory"
)
SOURCE_POSITIONS = Aside(
    "source positions", "in which file and line it was written; the checkout has another path"
)
STORAGE_DEVICE = Aside("storage device", "where a tensor lay when saved, not what it holds")
TABLE_LAYOUT = Aside("table layout", "every cell is equal, packed otherwise")
TABLE_METADATA = Aside("table metadata", "it is written beside the cells, not in them")
TENSOR_LAYOUT = Aside("tensor file layout", "names, dtypes, shapes and elements are equal")
TIMES = Aside("timestamps", "a time of day never repeats")

_HEX = "[0-9a-fA-F]"
_PATTERNS: tuple[tuple[Aside, re.Pattern[str]], ...] = (
    (IDS, re.compile(rf"\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b")),
    # MLflow's run ids and model uuids; `m-` leads the id of a logged model.
    (IDS, re.compile(r"(?<![0-9a-zA-Z])(?:m-)?[0-9a-f]{32}(?![0-9a-zA-Z])")),
    # Midnight is a date that somebody chose, not a time that was read off a clock.
    (
        TIMES,
        re.compile(
            r"\b\d{4}-\d\d-\d\d[T ](?!00:00(?::00(?:[.,]0+)?)?(?![\d:.,]))"
            r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z| ?[+-]\d\d:?\d\d)?"
        ),
    ),
    # C's asctime(), which `date`, Git and PostScript's writers follow.
    (
        TIMES,
        re.compile(
            r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
            r" [ \d]\d (?!00:00:00)\d\d:\d\d:\d\d \d{4}\b"
        ),
    ),
    # CPython prints addresses of objects as `<module.Name object at 0x7f…>`.
    (ADDRESSES, re.compile(rf"\b0x{_HEX}{{8,16}}\b")),
)
_DIGEST = re.compile(
    r"(?<![a-z])(?:md5|sha-?\d|hash|digest|checksum|fingerprint|etag|oid|crc)", re.IGNORECASE
)
"""Beside one of these words, 32 hexadecimal digits say what some content is."""


def plain(line: str) -> tuple[str, dict[Aside, list[str]]]:
    """The line with every id, time and address replaced by its rule's name, and these.

    32 hexadecimal digits are taken for an id only where no word of the line says that
    they are a digest: the MD5 of a data set is a fact.
    """
    found: dict[Aside, list[str]] = {}
    digest = _DIGEST.search(line) is not None
    for aside, pattern in _PATTERNS:
        if aside is IDS and digest:
            continue
        matches = pattern.findall(line)
        if matches:
            found.setdefault(aside, []).extend(matches)
            line = pattern.sub(f"<{aside.rule}>", line)
    return line, found


def incidental(left: str, right: str) -> tuple[Aside, ...]:
    """The rules by which two unequal lines say the same; none where they do not."""
    (plain_left, found_left), (plain_right, found_right) = plain(left), plain(right)
    counts = [{aside: len(m) for aside, m in f.items()} for f in (found_left, found_right)]
    if plain_left != plain_right or counts[0] != counts[1]:
        return ()
    return tuple(aside for aside in found_left if found_left[aside] != found_right[aside])
