//! The contract: what Outpost says on the wire.
