"""Every error code that a response can have, read out of the source."""

import ast
from collections.abc import Iterator

from auth0_sso import errors
from support.reasons import SOURCE

_MAKERS = {"problem", "problem_body", "ErrorResponse"}
"""What takes a status and a code as its first arguments."""

# Codes that no literal says: where one is computed, and all that it can be.
_COMPUTED = {
    "_FRAMEWORK_CODES.get(error.status_code, 'http_error')": ("http_error",),  # and the values of that table
    "Auth0SsoError.code": (errors.Auth0SsoError.code,),
    "error.code": (),  # of an error's class: all classes are looked at
    "code": (),  # a parameter, whose callers say it
}


def codes() -> set[str]:
    """Return the codes of all errors, and of all problems that are made without one."""
    found: set[str] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            found.update(_codes_of(node))
    return found


def _codes_of(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name), args=[_, code, *_]) if name in _MAKERS:
            yield from (str(code.value),) if isinstance(code, ast.Constant) else _COMPUTED[ast.unparse(code)]
        case ast.AnnAssign(target=ast.Name(id="_FRAMEWORK_CODES"), value=ast.Dict(values=values)):
            yield from (ast.literal_eval(each) for each in values)
        case ast.Call(func=ast.Name(id=name)) if name in _MAKERS:
            raise AssertionError(f"the code is not where it can be found: {ast.unparse(node)}")
        case ast.ClassDef(body=body):
            for each in body:
                match each:
                    case (
                        ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(word)))
                        | ast.AnnAssign(target=ast.Name(id="code"), value=ast.Constant(value=str(word)))
                    ):
                        yield word
                    case _:
                        pass
        case _:
            pass
