"""Where units of work are done: this process, processes here, a Dask scheduler, a batch system.

A unit is a function of a module and an item that says what to do. It finds its input in files and
leaves its result there; what it returns through the engine is small. Dask holds no state that
matters: whatever dies, the next run finds in the files what was done.
"""
