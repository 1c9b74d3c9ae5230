"""Steps that several commands take: asking for consent, a first look, the surroundings, a probe."""
