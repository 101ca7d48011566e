"""The JSON record of one photo: the keys that every surface prints."""

FIELDS = {
    "input",
    "state",
    "output",
    "outputs",
    "width",
    "height",
    "seconds",
    "model",
    "mended",
    "warnings",
    "reason",
    "error",
}
