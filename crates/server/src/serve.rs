//! Serving a face on a listener.
