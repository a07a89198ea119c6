"""The atlas: everything that is asked, advised and handed over, on one page."""
