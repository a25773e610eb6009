"""Lives through what happens to friends: asks the pure rooms what follows, writes it down in one, then delivers it."""
