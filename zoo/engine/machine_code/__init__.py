"""Machine code of generated functions: made by Numba, once a machine, ahead of time or in the background.

`unit` says what is compiled, `store` keeps the results on disk, `build` is the only place that imports Numba, `worker`
is a process that fills the store, `ahead` starts such processes and waits for them, or does not.
"""
