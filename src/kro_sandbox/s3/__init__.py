"""An S3-compatible store with one private bucket: the four calls on objects, and signatures that have to be right."""
