"""dubkit inside DaVinci Resolve: pure standard library, Python 3.9 and newer; the free edition's Lua is in ``lua/``.

:mod:`.adapter` the bridge's host; :mod:`.opened` the project and timeline that are open; :mod:`.reading` clips as
records; :mod:`.marks` how what was placed is found again; :mod:`.writing` what is added; :mod:`.sweeping` how it is
taken away; :mod:`.media_bin` our bin; :mod:`.journal` what a killed run left; :mod:`.dubbing` a whole dub;
:mod:`.live_check` the contract, replayed inside a real Resolve.
"""
