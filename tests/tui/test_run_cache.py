"""Quick search and the cache of runs: the pure parts of a list of any length."""

import time

from hypothesis import given
from hypothesis import strategies as st
from tests import builders

from repro_tui.evidence.tracking.outline import outline_of
from repro_tui.tui.fuzzy import best_first, find
from repro_tui.tui.run_cache import RunCache
from repro_tui.tui.run_reading import Found
from repro_tui.tui.run_search import Search

LETTERS = st.text("abAB-é", max_size=8)


@given(LETTERS, LETTERS)
def test_letters_are_found_in_their_order_or_not_at_all(query: str, text: str) -> None:
    places = find(query, text)
    rest = iter(text.lower())
    assert (places is not None) == all(letter in rest for letter in query.lower())
    if places is not None:
        assert [text[place].lower() for place in places] == list(query.lower())
        assert list(places) == sorted(set(places))


def test_a_hostile_name_is_searched_in_no_time() -> None:
    begun = time.process_time()
    assert find("ab" * 20 + "c", "ab" * 5000) is None
    assert time.process_time() - begun < 1


def test_what_holds_the_text_comes_first_and_other_lines_are_searched_exactly() -> None:
    texts = ["s-w-p", "nothing\ns-w-p", "my swp", "nothing\nswp"]
    assert best_first("swp", texts) == [2, 3, 0]


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30), st.integers(1, 5))
def test_the_cache_keeps_the_runs_that_were_asked_for_last(ids: list[str], most: int) -> None:
    cache = RunCache(most)
    for run_id in ids:
        cache.put([run_id], [builders.run(run_id)])
    last = list(dict.fromkeys(reversed(ids)))[:most]
    assert {run.run_id for run in cache} == set(last)
    assert cache.wanted("abcdefgh") == tuple(each for each in "abcdefgh" if each not in last)


def test_what_may_have_changed_is_shown_until_it_was_read_again() -> None:
    cache = RunCache()
    cache.put(["a", "b"], [builders.run("a")])
    assert cache.gone("b")
    assert not cache.gone("c")
    cache.outdate()
    assert cache.get("a") is not None
    assert cache.wanted(["a", "b", "c"]) == ("a", "b", "c")


def test_a_search_goes_on_where_it_stopped_and_drops_late_answers() -> None:
    outline = outline_of([builders.run(name) for name in "abcd"])
    search = Search()
    search.begin("x")
    assert [search.take(Found("x", outline, 0, ("-x-", "x"), (0, 1))), search.done] == [True, False]
    assert not search.take(Found("x", outline, 0, ("-x-", "x"), (0, 1)))
    assert [search.take(Found("x", outline, 2, ("y", "x"), (3,))), search.done] == [True, True]
    assert search.places == [0, 1, 3]
    assert search.texts(outline, 2) == ("y", "x")
    search.begin("xy")
    assert search.places == [0, 1, 3]
    assert not search.take(Found("x", outline, 0, ("-x-", "x"), (0,)))
    assert search.take(Found("xy", outline, 0, ("-x-", "x"), ()))
    assert search.places == []
