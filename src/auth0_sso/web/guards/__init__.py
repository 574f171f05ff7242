"""The guards: who may pass, said in a route's signature."""
