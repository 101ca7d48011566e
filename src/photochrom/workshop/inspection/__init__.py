"""Pictures that explain what a network does with one photo, as files and as one page.

Figures 15 to 19 of Sinanaj and Gjylapi, "Colorizing grayscale images using neural networks", and
what came after: labels, fusion, distributions over ab bins.
"""
