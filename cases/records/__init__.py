"""Records that officers take down: typed at the kerb, read over to who said it, and from then on only added to."""
