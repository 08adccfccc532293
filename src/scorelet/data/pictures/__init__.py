"""Pictures: one type in memory, files of every kind, folders of photographs, patches of them."""
