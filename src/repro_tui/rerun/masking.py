"""Secrets kept out of records: by the names of options and variables, and in URLs. Pure.

What looks like a secret is replaced by `***`. Names are taken apart at `-`, `_` and `.`,
so that `--db-password` and `HF_TOKEN` are secrets and `--tokenizer`, `--max-tokens` and
`--pad_token` are not.
"""

import re
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
        "huggingface", "id", "personal", "private", "pypi", "refresh", "sas", "secret", "session",
        "tracking", "wandb",
    }
)  # fmt: skip
_SHORTEST = 6
"""Characters of a variable's value that is looked for elsewhere: shorter ones are common words."""

_OPTION = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<login>[^\s/?#'\"]+)@")
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
    """`text` without the logins of the URLs in it: `https://***@example.org/simple`."""

    def masked(found: re.Match[str]) -> str:
        login = found["login"]
        harmless = _HARMLESS_LOGIN.fullmatch(login) is not None
        return found[0] if harmless else f"{found['scheme']}{MASK}@"

    return _LOGIN.sub(masked, text)


def command(words: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    """The words of a command without its secrets.

    Those are the values of secret options (`--password=x`, `--password x`, `PGPASSWORD=x`),
    logins in URLs, and whatever a secret variable of `environment` holds: the shell has
    put it there.
    """
    held = sorted(
        {v for n, v in environment.items() if is_secret(n) and len(v) >= _SHORTEST},
        key=len,
        reverse=True,
    )
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
            clean = url(word)
            for value in held:
                clean = clean.replace(value, MASK)
            masked.append(clean)
        expected = word.startswith("-") and option is None and is_secret(word)
    return tuple(masked)


def _spaced(name: str) -> str:
    """`apiKey` as `api_Key`, and `PGPASSWORD` as `PG_PASSWORD`."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"(?i)(?<=[a-z])(password|passwd)$", r"_\1", name)
