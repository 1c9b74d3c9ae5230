"""What the doctor looks at of the home and the program: files, permissions, the spool, tasks, and an exec that is tried."""
