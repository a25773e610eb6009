"""A month of scenarios in which much goes wrong: the shop, its friends, LINE, and what is wrong afterwards."""
