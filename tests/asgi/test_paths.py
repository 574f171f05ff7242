import pytest

from auth0_sso.asgi.paths import canonical


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/\uff0561dmin", "/admin"),
        ("/%\uff16\uff11dmin", "/admin"),
        ("/%25\u00b22f", '/"f'),
        ("/a%\u00b90b", None),
    ],
    ids=["full-width-percent-sign", "full-width-digits", "twice", "control-character"],
)
def test_an_escape_that_unicode_normalization_makes_is_decoded(path: str, found: str | None) -> None:
    assert canonical(path) == found
