"""The verbs: files, folders and arrays in, results and reports out."""
