"""Every reason that the code can give for a refusal, read out of its source; `<>` stands for a part that varies."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import auth0_sso
from auth0_sso import errors
from auth0_sso.http.bounded_http import NO_RESPONSE
from auth0_sso.oauth.token_refusals import DELEGATION_TOO_DEEP, HINTS, SUBJECT_REFUSED

SOURCE = Path(auth0_sso.__file__).parent
FILES = sorted(
    path
    for path in SOURCE.rglob("*.py")
    if path.parent.name not in {"settings", "http_protocol"}  # documented in settings.md, and in a table of errors.md
    and path.parent.name not in {"doctor", "token"}  # commands, which refuse no request
    and path.parent.name not in {"audit", "sql"}  # they record the reasons of others
    and path.name not in {"errors.py", "problem_examples.py"}  # which raise none
)
_NAMES = {"reason", "refusal", "fault"}
_ASSIGNED = {"reason", "refusal"}
_STORED = {*_NAMES, "last_error", "last_failure"}

# Reasons that no literal says: where one is computed, and all that it can be.
COMPUTED = {
    "store/pipelining.py: reason_of(error)": ("<>",),  # Redis's code, or redis-py's name of its error
    "http/bounded_http.py: _reason(error)": tuple(NO_RESPONSE),
    "http/bounded_http.py: self.fault": ("answer_compressed", "answer_too_large"),
    "management/error_responses.py: code": ("<>",),  # Auth0's own errorCode
    "oauth/token_refusals.py: _reason_of(response.status, error, description)": (
        *HINTS,
        SUBJECT_REFUSED,
        DELEGATION_TOO_DEEP,
        "token_<>",  # Auth0's own error
        "token_status_<>",
    ),
    "web/middleware/problem_handlers.py: refusal_words(error)": (),  # the error's own reason
    "tokens/claims.py: f'{claim}_{kind}'": (
        "<>_missing",
        "<>_invalid",
        "iss_mismatch",
        "aud_mismatch",
        "client_id_mismatch",
    ),
    "tokens/dpop/proof.py: f'dpop_{fault}'": (),  # the callers say the fault
    "tokens/dpop/proof.py: error.reason": ("<>_<>",),  # of a JWT's part that cannot be read
    "tokens/jws.py: f'{name}_{error.fault}'": (),  # the faults of strict_json, which are noted there
}


def reasons() -> dict[str, str]:
    """Return each reason with the place that gives it; computed ones too."""
    found: dict[str, str] = {}
    for path in FILES:
        file = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text())):
            for reason in _reasons_of(node, file):
                found.setdefault(reason, file)
    return found


def _reasons_of(node: ast.AST, file: str) -> Iterator[str]:
    match node:
        case ast.Call(func=function):
            said = [word for each in _said(node) for word in _words(each, file)]
            yield from (f"{_prefix(_name(function))}{word}" for word in said)
            if not _said(node):
                yield from _usual_reason(_name(function))
        case ast.Raise(exc=ast.Name(id=name)):
            yield from _usual_reason(name)
        case ast.Assign(targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value) if name in _ASSIGNED:
            yield from _words(value, file)
        case _:
            pass


def _said(call: ast.Call) -> list[ast.expr]:
    """Return the reasons among the arguments of a call, by the parameter's name."""
    named = [keyword.value for keyword in call.keywords if keyword.arg in _NAMES]
    place = _PLACES.get(_name(call.func))
    return named or ([call.args[place]] if place is not None and len(call.args) > place else [])


def _words(value: ast.expr, file: str) -> list[str]:
    text = f"{file}: {ast.unparse(value)}"
    if text in COMPUTED:
        return list(COMPUTED[text])
    match value:
        case ast.Constant(value=str(word)):
            return [word]
        case ast.Constant() | ast.Name(id="reason" | "refusal"):  # None, or a parameter whose callers say it
            return []
        case ast.Attribute(attr=name) if name.lstrip("_") in _STORED:  # passed on from where it was noted
            return []
        case ast.JoinedStr():
            return [re.sub(r"\{.*?\}", "<>", ast.unparse(value)[2:-1])]
        case ast.BoolOp(values=values):
            return [word for each in values for word in _words(each, file)]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_words(body, file), *_words(orelse, file)]
        case _:
            raise AssertionError(
                f"a reason is computed in {text}: add this to COMPUTED in tests/support/reasons.py with all that "
                "the reason can be, and document each"
            )


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _places() -> dict[str, int]:
    """Return which positional argument of a function or class is a reason."""
    found = {
        name: list(inspect.signature(error).parameters).index("reason")
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, Exception) and _positional(error)
    }
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                for method in node.body:
                    if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                        _note_place(found, node.name, method)
            elif isinstance(node, ast.FunctionDef) and node.name != "__init__":
                _note_place(found, node.name, node)
    return found


def _note_place(found: dict[str, int], name: str, function: ast.FunctionDef) -> None:
    names = [parameter.arg for parameter in function.args.args if parameter.arg != "self"]
    for place, parameter in enumerate(names):
        if parameter in _NAMES:
            found[name] = place


def _positional(error: type[Exception]) -> bool:
    parameter = inspect.signature(error).parameters.get("reason")
    return parameter is not None and parameter.kind is not parameter.KEYWORD_ONLY


def _usual_reason(name: str) -> list[str]:
    """Return the reason of an error that is raised without one."""
    error = getattr(errors, name, None)
    if not isinstance(error, type) or not issubclass(error, errors.Auth0SsoError):
        return []
    if error is errors.ConfigurationError:  # the app does not start: no request is refused for it
        return []
    needed = [each for each in inspect.signature(error).parameters.values() if each.default is each.empty]
    values: dict[str, Any] = {each.name: 1 if each.annotation is int else "x" for each in needed}
    return [error(**values).reason]


def _prefix(name: str) -> str:
    # A fault of strict JSON is of a token's part; of an answer, `answer_<>` says it.
    return {
        "StoreUnavailableError": "store_",
        "CommandError": "store_",
        "_invalid_proof": "dpop_",
        "StrictJsonError": "<>_",
        "LenientJsonError": "answer_",
    }.get(name, "")


_PLACES = _places()
