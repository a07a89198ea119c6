"""The atlas: everything that is asked, advised and handed over, as one page that needs no network."""
