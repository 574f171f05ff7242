"""`python -m auth0_devtenant`."""

from auth0_devtenant.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
