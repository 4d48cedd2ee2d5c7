"""Learned generators that redraw a picture: an autoencoder, and networks read from packages."""
