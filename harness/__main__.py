"""``python -m harness RUN_FOLDER…``: measure the runs in these folders, as commanded on standard input."""

import sys
from pathlib import Path

from harness.measure import main

sys.exit(main([Path(folder) for folder in sys.argv[1:]]))
