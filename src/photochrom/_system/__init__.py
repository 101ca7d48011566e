"""The process and its files: libraries' settings, CPUs, threads, forks, memory, atomic writes."""
