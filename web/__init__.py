"""What the HTTP service needs beside its routes."""
