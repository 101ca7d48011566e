"""What writes parts of the documentation: references out of the code, the site's folder."""
