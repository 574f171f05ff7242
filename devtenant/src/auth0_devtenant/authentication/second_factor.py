"""/u/mfa-otp-challenge: the second factor, with a one-time code that the page itself shows."""

from hmac import compare_digest
from secrets import randbelow

from starlette.requests import Request
from starlette.responses import Response

from auth0_devtenant.authentication.steps import Step, authenticated, open_step
from auth0_devtenant.pages.second_factor import second_factor_page


async def show_challenge(request: Request) -> Response:
    """Ask for the code."""
    return _page(await open_step(request))


async def answer_challenge(request: Request) -> Response:
    """Check the code."""
    step = await open_step(request)
    given = "".join(step.form.get("code", "").split())
    if not step.login.code or not compare_digest(given.encode(), step.login.code.encode()):
        return _page(step, error="Invalid code.")
    step.login.code = ""
    return authenticated(step, step.user, "mfa")


def _page(step: Step, *, error: str = "") -> Response:
    step.login.code = step.login.code or f"{randbelow(1_000_000):06}"
    return second_factor_page(step.user.document["email"], step.login.code, error=error)
