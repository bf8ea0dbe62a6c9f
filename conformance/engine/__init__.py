"""The audit's engine: what keeps one target busy, whatever it does to its process. `conformance.audit` is above it.

- `lane`: one target, the two threads that feed it and listen to it, and the restart of its process;
- `lanes`: several processes of one target, which share its jobs;
- `schedule`: the states of a lane, and what may be sent in each (after a death the suspect is tried alone);
- `losses`: what is made of a process that was lost;
- `jobs`: a case on an API of a target, and its attempts.

A crash is told from a time-out in `conformance.targets.connection`, which listens to the process.
"""
