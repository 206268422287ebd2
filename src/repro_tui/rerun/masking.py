"""Secrets kept out of records: by the names of options and variables, and in URLs. Pure.

What looks like a secret is replaced by `***`. Names are taken apart at `-`, `_` and `.`,
so that `--db-password` and `HF_TOKEN` are secrets and `--tokenizer`, `--max-tokens` and
`--pad_token` are not. A word that is a command again, as behind `bash -c`, is read as the
shell will read it, however deep it is quoted.
"""

import re
import shlex
from collections.abc import Mapping, Sequence

MASK = "***"

_SECRETS = frozenset(
    {
        "apikey", "auth", "authorization", "credential", "credentials", "passphrase", "passwd",
        "password", "pat", "secret", "secrets",
    }
)  # fmt: skip
_KEYS = frozenset({"access", "account", "api", "encryption", "private", "secret", "signing"})
_TOKENS = frozenset(
    {
        "access", "api", "auth", "bearer", "bot", "gh", "git", "github", "gitlab", "hf", "hub",
        "huggingface", "id", "personal", "private", "pypi", "refresh", "sas", "secret", "security",
        "session", "tracking", "wandb",
    }
)  # fmt: skip
_SIGNATURES = frozenset({"sig", "signature"})
"""What a signed URL ends in: whoever has it needs no password."""
_SHORTEST = 6
"""Characters of a variable's value that is looked for elsewhere: shorter ones are common words."""

_OPTION = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<login>[^\s/?#'\"]+)@")
_QUERY = re.compile(r"(?P<name>(?<=[?&#;])[A-Za-z_][\w.-]*)=(?P<value>[^\s&#;'\"]+)")
# A line of a header, or a key of JSON or YAML: `Authorization: Bearer x`, `"password": "x"`.
_FIELD = re.compile(
    r"""(?P<name>[A-Za-z_][\w.-]*)(?P<colon>\\?["']?\s*:\s*)"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|((bearer|basic|token)\s+)?"""
    r"""([^\s,;}\]"']|["'](?=[^\s,;}\]]))+)""",
    re.IGNORECASE | re.DOTALL,
)
# A word of the shell's language; a quote that nobody closes is a character of it.
_WORD = re.compile(r"""(?:[^\s'"\\;|&()<>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*"|['"\\])+""", re.DOTALL)
# PEP 610 leaves both of them in: neither is a secret.
_HARMLESS_LOGIN = re.compile(r"git|\$\{\w+\}(:\$\{\w+\})?")


def is_secret(name: str) -> bool:
    """Whether an option or variable of this name holds a secret."""
    parts = [part for part in re.split(r"[-_.]+", _spaced(name).lower()) if part]
    if not parts:
        return False
    if parts[-2:] == ["key", "id"]:
        parts.pop()  # AWS_ACCESS_KEY_ID
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last == "token":
        return len(parts) == 1 or before in _TOKENS
    if last == "key":
        return before in _KEYS
    return last in _SECRETS


def url(text: str) -> str:
    """`text` without the logins of the URLs in it, and without the secrets in their queries.

    `https://***@example.org/simple`, `https://example.org/data.csv?token=***`.
    """

    def login(found: re.Match[str]) -> str:
        harmless = _HARMLESS_LOGIN.fullmatch(found["login"]) is not None
        return found[0] if harmless else f"{found['scheme']}{MASK}@"

    def query(found: re.Match[str]) -> str:
        name = found["name"]
        secret = is_secret(name) or re.split(r"[-_.]", name.lower())[-1] in _SIGNATURES
        return f"{name}={MASK}" if secret else found[0]

    clean = _LOGIN.sub(login, text)
    return _QUERY.sub(query, clean) if "://" in clean else clean


def command(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command without its secrets.

    Those are the values of secret options (`--password=x`, `--password x`, `PGPASSWORD=x`)
    and fields (`"password": "x"`), logins and tokens in URLs, and whatever a secret variable
    of `environment` holds: the shell has put it there.
    """
    held = {v for n, v in environment.items() if is_secret(n) and len(v) >= _SHORTEST}
    return _words(words, sorted(held, key=len, reverse=True))


def _words(words: Sequence[str], held: Sequence[str]) -> tuple[str, ...]:
    masked, expected = [], False
    for word in words:
        if expected and not word.startswith("--"):
            masked.append(MASK)
            expected = False
            continue
        option = _OPTION.fullmatch(word)
        if option is not None and is_secret(option["name"]):
            masked.append(f"{option['name']}={MASK}")
        else:
            masked.append(_inside(word, held))
        expected = word.startswith("-") and option is None and is_secret(word)
    return tuple(masked)


def _inside(word: str, held: Sequence[str]) -> str:
    """A word without the secrets in it."""

    def field(found: re.Match[str]) -> str:
        return f"{found['name']}{found['colon']}{MASK}" if is_secret(found["name"]) else found[0]

    clean = url(word)
    for value in held:
        clean = clean.replace(value, MASK)
    return _FIELD.sub(field, _script(clean, held))


def _script(text: str, held: Sequence[str]) -> str:
    """A text without the secrets that the shell would find in it, if it is for the shell."""
    found = list(_WORD.finditer(text))
    plain = [_unquoted(part[0]) for part in found]
    if plain == [text]:
        return text
    pieces, end = [], 0
    for part, word, told in zip(found, plain, _words(plain, held), strict=True):
        kept = part[0] if told == word else told if told.split() == [told] else shlex.quote(told)
        pieces += [text[end : part.start()], kept]
        end = part.end()
    return "".join(pieces) + text[end:]


def _unquoted(word: str) -> str:
    """A word of the shell's language as a program receives it."""
    try:
        return "".join(shlex.split(word))
    except ValueError:
        return word


def _spaced(name: str) -> str:
    """`apiKey` as `api_Key`, and `PGPASSWORD` as `PG_PASSWORD`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"(?i)(?<=[a-z])(password|passwd)$", r"_\1", name)
