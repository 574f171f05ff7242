"""Rate limits: how often one caller may ask, counted by the library `limits`."""
