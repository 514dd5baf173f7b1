"""The stop-watch: what the sweep, a move, the verification and the pages cost beside the least that does the same.

Seconds differ from machine to machine and from hour to hour, so each figure is a ratio: ours and its floor take turns
in one run, and the medians are compared. Everything happens in throw-away databases.
"""
