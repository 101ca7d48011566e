"""`python -m photochrom`: the command line, for launchers such as torchrun."""

from photochrom.cli.main import main

if __name__ == "__main__":
    main()
