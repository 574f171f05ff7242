#!/usr/bin/env python3
"""One process of the fuzzer, which never returns: FUZZ_TARGET names the target, the arguments are libFuzzer's."""

import logging
import os
import sys

import atheris


def main() -> None:
    """Instrument our code and the oracles, then let libFuzzer call the target."""
    logging.disable(logging.CRITICAL)
    with atheris.instrument_imports(include=["auth0_sso", "fuzz", "jose"]):
        from fuzz.target_list import load  # noqa: PLC0415 - imported where it is instrumented

        check = load(os.environ["FUZZ_TARGET"]).check
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
