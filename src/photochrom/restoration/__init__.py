"""Repair of old photos: find damage, fill what is thin, stretch faded tones.

detection    which pixels are damaged, by a small network
inpainting   fill thin damage from its surroundings
strokes      a person's corrections of what was found
mending      both, while a photo is read strip by strip
filling      fill wide damage with a network
levels       stretched tones
"""
