"""Series in a column of lists."""
