"""Pages of the regional and national teams."""
