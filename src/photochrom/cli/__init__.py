"""The command line.

colorize, variants, evaluate, train, inspect, export, quantize, data, models   of these names
batch      folders of `colorize`         ledger      `ledger`
serve      `serve` and `app`
embed      `data embed`              convert     `models convert`
options    what commands share       flags       how errors name options
streams    standard input and output
output     what is printed           progress    progress bars
exit_codes and errors in one line    variant_sheet  the contact sheet of `variants`
"""

import os

# NumPy's linear algebra is a small part here, and its threads wait with all they have. Set before
# it is loaded, none are started, nor in child processes; `_system.threads` is for later.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
