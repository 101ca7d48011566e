"""Pages of `docs/reference`, written out of the code: `make reference` brings them up to date."""
