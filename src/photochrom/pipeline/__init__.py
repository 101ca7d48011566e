"""One photo through one network, and what is done before and after it."""
