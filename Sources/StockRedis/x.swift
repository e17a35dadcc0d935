public import CHiredis
