"""Classic in-toto: a layout says who performs which step and which artifacts may pass, links say what was performed.

Bytes in, a result out: no folder, clock or process. The rooms of the in-toto library that read those are not used;
its parser of rules and its matchers are, on what was parsed here. Files: metadata (what is signed), keys (who signs),
content (layouts and links, typed), rules (artifacts), verification (the numbered steps).
"""
