"""The program itself: the files shipped with it, whether it is complete, and reports of its own faults."""
