"""What papers and notices say, in every language of ours; one list a subject."""
