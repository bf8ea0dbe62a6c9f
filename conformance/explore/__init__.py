"""The search for divergences that no listed case asks: calls are drawn, asked of every target, and what is new is kept.

- `domain`: what there is to draw from, which is what the listed cases write;
- `drafts`: calls on their way to be cases, and which of them are worth asking;
- `sources`: where calls come from: valid ones, broken ones, a vendor's own arguments, neighbours of interesting ones;
- `traits`: what is special about a call;
- `novelty`: whether a divergence is known, from the catalogue or from this search;
- `search`: asks, notes, and shrinks what is new;
- `progress`: how fast it goes and how far it came;
- `saving`: what was found as a spec file, which is run and moved like any other;
- `exploring`: a search from its beginning to its end.

In: listed cases, targets, a catalogue. Out: clusters, each with its smallest case. Knows nothing of pytest.
"""

from conformance.explore.exploring import Found, Settings, explore
from conformance.explore.search import Cluster, Question

__all__ = ["Cluster", "Found", "Question", "Settings", "explore"]
