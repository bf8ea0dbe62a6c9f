"""One run: its targets, its audit, its results file, its baseline. Knows nothing of pytest.

- `settings`: what the command line asked for, and the error for what cannot be done;
- `asking`: where cases are asked, and verdicts awaited;
- `describing`: where a verdict becomes the records that say it;
- `known`: where verdicts are held against the baseline, and where a baseline is written;
- `recording`: where the results file is written;
- `extent`: how much of the specs ran;
- `shrinking`: where the smallest calls are found that show what a run found;
- `confirming`: where the scripts of divergences are executed;
- `run`: a run from its beginning to its end.
"""

from conformance.run.run import Answer, Note, Run
from conformance.run.settings import Settings, UnusableError

__all__ = ["Answer", "Note", "Run", "Settings", "UnusableError"]
