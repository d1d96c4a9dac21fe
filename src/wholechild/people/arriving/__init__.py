"""What arrives is made ready to be compared, weighed, and settled: the tables that follow, and the links that are facts."""
