"""The file of an archive: compressed, with a manifest and checksums, read with distrust."""
