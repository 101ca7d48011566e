"""The command line, one module a command."""

import os

# NumPy's linear algebra is a small part here, and its threads wait with all they have. Set before
# it is loaded, none are started, nor in child processes; `_system.threads` is for later.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
