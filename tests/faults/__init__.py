"""What is killed at the worst moment: nothing is lost, nothing is done twice."""
