"""Other runtimes, one small file each: what is installed, opened and run."""
