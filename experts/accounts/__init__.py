"""How staff sign in: a code by mail, then a second factor. Companies and experts follow links instead."""
