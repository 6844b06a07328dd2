"""Files to columns: kinds of files, names of branches, units, what a file lacks, and the column cache."""
