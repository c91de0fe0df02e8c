"""Entry point of a Plait host process: `python host.py`, with the wire on file descriptor 3; `python host.py preload` forks hosts."""

import sys

from plait_host.life import ignore_signals

# Before all else: Ctrl-C and systemd reach this process too while it still begins.
ignore_signals()

# sys.path[0] is this folder (that is how a script starts). It goes once our package is imported: the application's
# imports must neither find Plait's modules by accident nor be shadowed by them.
if sys.argv[1:] == ["preload"]:
    from plait_host.keeper import main
else:
    from plait_host.main import main

del sys.path[0]

if __name__ == "__main__":
    main()
