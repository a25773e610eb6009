"""LINE's facts as data: limits, rates, ways of counting, the shapes of messages and actions, error texts."""
