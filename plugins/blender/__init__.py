# SPDX-License-Identifier: GPL-3.0-or-later
"""dubkit inside Blender's video sequencer.

:mod:`.adapter` Blender as the bridge's host; :mod:`.reading` strips as clips and :mod:`.writing` placing and removing
(both know no ``bpy``); :mod:`.versions` what differs between Blender's versions; :mod:`.work` a dub on its way, and
:mod:`.doctor` a look at the Python with dubkit; :mod:`.settings`, :mod:`.preferences`, :mod:`.operators`,
:mod:`.panel`, :mod:`.registration` what the user sees. Modules are imported one by one, relatively: the package is
copied.
"""
