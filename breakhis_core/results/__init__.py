"""How good a run is, compared with others, and on a card."""
