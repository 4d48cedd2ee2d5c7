"""How the default detector was made: data, edits with exact masks, training and proof."""
