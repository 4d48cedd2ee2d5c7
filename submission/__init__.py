"""From this project to an accepted submission: pre-flight, upload, entry, rehearsal, Space.

`challenge-cli.py` is its front; nothing of it is in the image. What talks to the Dyff platform
wants `requirements-submit.txt`; `check` and `create-space` do without.
"""
