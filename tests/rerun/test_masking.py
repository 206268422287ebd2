"""What is taken for a secret, and what is not."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro_tui.rerun.masking import MASK, command, is_secret, url


@pytest.mark.parametrize(
    "name",
    [
        "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "AWS_SECRET_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "HF_TOKEN", "GITHUB_TOKEN", "PGPASSWORD",
        "WANDB_API_KEY", "--password", "--db-password", "--token", "--apiKey", "--api_key",
        "--hub_token", "-secret", "DATABASE.PASSWORD", "X_TOKEN_SECRET",
    ],
)  # fmt: skip
def test_secrets_are_known_by_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "--tokenizer", "--max-tokens", "--pad_token", "--eos-token", "--key", "--lr", "--seed",
        "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES", "MLFLOW_TRACKING_URI", "--author", "", "--",
        "--keys", "--passes", "--compass", "PWD", "AWS_REGION", "SSH_AUTH_SOCK",
    ],
)  # fmt: skip
def test_ordinary_names_are_none(name: str) -> None:
    assert not is_secret(name)


@pytest.mark.parametrize(
    ("word", "masked"),
    [
        ("https://user:pass@example.org/simple", f"https://{MASK}@example.org/simple"),
        ("git+https://token@example.org/x.git@v1", f"git+https://{MASK}@example.org/x.git@v1"),
        ("git+ssh://git@example.org/x.git", "git+ssh://git@example.org/x.git"),
        ("https://${USER}:${TOKEN}@example.org", "https://${USER}:${TOKEN}@example.org"),
        ("https://git:pass@example.org", f"https://{MASK}@example.org"),
        ("https://ada:p@ss@example.org/x", f"https://{MASK}@example.org/x"),
        ("https://example.org?mail=a@b", "https://example.org?mail=a@b"),
        ("https://example.org/x?a=1&token=t0k&b=2", f"https://example.org/x?a=1&token={MASK}&b=2"),
        ("s3://b/k?X-Amz-Signature=f00#x", f"s3://b/k?X-Amz-Signature={MASK}#x"),
        ("https://example.org/#access_token=t0k", f"https://example.org/#access_token={MASK}"),
        ("https://example.org/?max_tokens=5&page=2", "https://example.org/?max_tokens=5&page=2"),
        ("a?token=t0k", "a?token=t0k"),
        ("file:///home/ada@work/x", "file:///home/ada@work/x"),
        ("ada@example.org", "ada@example.org"),
    ],
)
def test_logins_are_taken_out_of_urls(word: str, masked: str) -> None:
    assert url(word) == masked


def test_a_command_is_kept_but_for_its_secrets() -> None:
    words = [
        "env", "PGPASSWORD=hunter2", "python", "train.py", "--lr=0.1", "--password", "hunter2",
        "--api-key=abc", "--token", "--verbose", "--name", "x", "--header=Bearer s3cr3t-value",
        "--store", "http://ada:hunter2@example.org",
    ]  # fmt: skip
    assert command(words, {"MY_TOKEN": "no", "MLFLOW_TRACKING_TOKEN": "s3cr3t-value"}) == (
        "env", f"PGPASSWORD={MASK}", "python", "train.py", "--lr=0.1", "--password", MASK,
        f"--api-key={MASK}", "--token", "--verbose", "--name", "x", f"--header=Bearer {MASK}",
        "--store", f"http://{MASK}@example.org",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("word", "masked"),
    [
        ("exec env PGPASSWORD=hunter2 python train.py --lr 0.1",
         f"exec env PGPASSWORD={MASK} python train.py --lr 0.1"),
        # Or is the password one of several words?
        ("PGPASSWORD=hunter2 python train.py", f"PGPASSWORD={MASK}"),
        ("cd src && python train.py --token 'a b' | tee log",
         f"cd src && python train.py --token {MASK} | tee log"),
        ("curl -H 'Authorization: Bearer hunter2' https://example.org",
         f"curl -H 'Authorization: {MASK}' https://example.org"),
        ('{"user": "ada", "password": "hunter2"}', f'{{"user": "ada", "password": {MASK}}}'),
        ("echo it's  fine --lr 0.1", "echo it's  fine --lr 0.1"),
        ("print('loss:', 0.5); key = 'a'", "print('loss:', 0.5); key = 'a'"),
        ("s|&;()<> \\ \"", "s|&;()<> \\ \""),
    ],
)  # fmt: skip
def test_a_command_inside_a_word_is_kept_but_for_its_secrets(word: str, masked: str) -> None:
    assert command(["bash", "-c", word], {}) == ("bash", "-c", masked)


_PLACES = st.sampled_from(
    [
        ("python", "train.py", "--password", "{}"),
        ("python", "train.py", "--api-key={}"),
        ("env", "HF_TOKEN={}", "python", "train.py"),
    ]
)
_IN_URLS = st.sampled_from(
    ["https://ada:{}@example.org/x", "https://example.org/x?v=1&token={}&w=2", "http://h/?sig={}"]
)


@given(_PLACES, st.text(min_size=1), st.integers(0, 3))
def test_a_secret_is_found_however_deep_it_is_quoted(
    place: tuple[str, ...], secret: str, depth: int
) -> None:
    secret = f"s3cr3t{secret}"
    words = [part.format(secret) if "{}" in part else part for part in place]
    for _ in range(depth):
        words = ["bash", "-c", shlex.join(words)]
    assert "s3cr3t" not in "".join(command(words, {}))


@given(_IN_URLS, st.text("abcXYZ019+%-._~", min_size=1), st.integers(0, 2))
def test_a_secret_in_a_url_is_found_inside_a_command(place: str, secret: str, depth: int) -> None:
    words = ["curl", place.format(f"s3cr3t{secret}")]
    for _ in range(depth):
        words = ["bash", "-c", shlex.join(words)]
    assert "s3cr3t" not in "".join(command(words, {}))


@given(st.lists(st.text()), st.text(min_size=6))
def test_a_held_secret_never_comes_through(words: list[str], secret: str) -> None:
    told = command([*words, f"a{secret}b"], {"X_PASSWORD": secret})
    assert len(told) == len(words) + 1
    # One with a `*` in it may stand across a mask.
    assert "*" in secret or all(secret not in word for word in told)
