"""The bridge between an editor and dubkit: pure standard library, Python 3.9 and newer, copied into every plugin.

:mod:`.records` what both sides say about a timeline; :mod:`.host` what an adapter gives; :mod:`.rates` rates and frame
counts as editors write them; :mod:`.planning` which clips can be done; :mod:`.job` the job and result files;
:mod:`.runner` dubkit as another process, with :mod:`.process` and :mod:`.lines`; :mod:`.found` where it is;
:mod:`.placing` what goes where, and all or nothing; :mod:`.tags` how it is found again. Modules are imported one by
one; all imports inside are relative, because the package is copied.
"""
