"""Rate limits: how often one caller may ask, counted by the library `limits` in this process or in a shared store."""
