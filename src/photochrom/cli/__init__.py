"""The command line, one module a command."""

import os

# NumPy's linear algebra is a small part here, and its threads wait with all they have.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
