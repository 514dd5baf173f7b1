"""The pure core: what the definition says, what the calendar says, and why a move is refused. No I/O, no clock."""
