//! The engine against an oracle that was written from `semantics.md` alone.
