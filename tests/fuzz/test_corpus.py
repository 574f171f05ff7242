"""Each target holds for its corpus, and for inputs made from it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz import corpus
from fuzz.target_list import NAMES, load

_LONGEST = 2048


def _spliced(inputs: list[bytes]) -> st.SearchStrategy[bytes]:
    """Two inputs cut anywhere, joined by other bytes."""
    known = st.sampled_from(inputs)
    cut = st.integers(0, _LONGEST)
    return st.builds(
        lambda one, other, start, end, middle: (one[:start] + middle + other[end:])[:_LONGEST],
        known,
        known,
        cut,
        cut,
        st.binary(max_size=8),
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_input_of_the_corpus_is_handled_as_documented(name: str) -> None:
    target, inputs = load(name), corpus.read(name)
    assert len(inputs) >= len(target.seeds) // 2
    for data in (*target.seeds, *inputs):
        try:
            target.check(data)
        except Exception as error:
            raise AssertionError(f"{name} fails for {data!r}") from error


@pytest.mark.parametrize("name", NAMES)
def test_inputs_made_from_the_corpus_are_handled_as_documented(name: str) -> None:
    target = load(name)
    inputs = [*target.seeds, *corpus.read(name)]

    @settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
    @given(_spliced(inputs))
    def check(data: bytes) -> None:
        target.check(data)

    check()
