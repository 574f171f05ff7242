"""`python -m auth0_sso`."""

from auth0_sso.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
