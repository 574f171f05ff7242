"""`python -m auth0_sso`."""

from auth0_sso.service.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
