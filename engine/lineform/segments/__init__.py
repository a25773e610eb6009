"""Who is meant: a predicate tree read plainly, checked, explained, and given to LINE where LINE can select itself."""
