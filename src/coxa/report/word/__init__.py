"""A document as a Word file that an author can edit: real styles, tables, captions and fields."""
