"""`python -m coxa`: the same as the command `coxa`."""

from coxa.cli.main import app

if __name__ == "__main__":
    app(prog_name="python -m coxa")
