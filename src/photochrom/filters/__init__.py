"""Arrays in, arrays out: resizing, guided filter, upsampling, geodesic distance, superpixels."""
