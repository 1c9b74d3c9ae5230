"""What people write into files, as plain data: keys and their values, and the settings of a home."""
