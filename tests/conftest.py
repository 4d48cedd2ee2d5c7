from __future__ import annotations

from hypothesis import settings

# No test measures time: the machine may be busy with something else.
settings.register_profile("editscope", deadline=None)
settings.load_profile("editscope")
