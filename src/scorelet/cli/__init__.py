"""The command line: a thin layer over `scorelet.tasks`; heavy imports wait until they are used."""
