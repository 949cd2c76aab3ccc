//! The faces: method tables, sessions, serving, embedding.
