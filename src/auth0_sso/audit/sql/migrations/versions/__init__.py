"""One module for each revision; what was released is never changed."""
