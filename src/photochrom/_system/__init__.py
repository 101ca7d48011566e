"""The process and its files: switches of libvips, threads and memory; atomic writes."""
