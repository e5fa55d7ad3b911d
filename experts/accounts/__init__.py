"""Sign-in of staff: a code by mail, then a second factor. Companies and experts follow links instead."""
