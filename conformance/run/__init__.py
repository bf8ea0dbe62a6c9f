"""One run: its targets, its audit, its results file, its catalogue. Knows nothing of pytest.

- `settings`: what the command line asked for, and the error for what cannot be done;
- `asking`: where cases are asked, and verdicts awaited;
- `standing`: how far each target has come;
- `describing`: where a verdict becomes the records that say it;
- `known`: where verdicts are held against the catalogue, and where its numbers are written anew;
- `recording`: where the results file is written;
- `extent`: how much of the specs ran;
- `shrinking`: where the smallest calls are found that show what is new;
- `scripts`: where scripts are executed, target beside target;
- `confirming`: which scripts show what is new, and `executing`: what those of the catalogue come to;
- `run`: a run from its beginning to its end.
"""

from conformance.run.run import Answer, Note, Run
from conformance.run.settings import Settings, UnusableError
from conformance.run.standing import Standing, State

__all__ = ["Answer", "Note", "Run", "Settings", "Standing", "State", "UnusableError"]
