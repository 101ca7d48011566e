"""Compare coloured photos with real ones, through the pipeline that users run."""
