"""Tables of calls and of bills, as other programs export them: rows in, fields or a problem by row out."""
