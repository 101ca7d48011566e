"""Films: from file to file with colours that stay the same from picture to picture.

survey     which pictures a film has, and where its shots begin
coloring   the network's colours of each shot, steadied along motion
rendering  chroma for the film's own luma, and its encoding
muxing     the finished file: pictures, sound and everything else that was copied
"""
