//! What tests of transcripts are made of.

use bytes::Bytes;

use super::Header;
use crate::session::{Record, Recorded};
use crate::units::At;
use crate::wire::{Block, ConnId, Eol, Side};

/// The header of a client's session.
pub(super) fn header() -> Header {
    Header::new("2026-10-07T09:15:02Z".parse().unwrap(), Some(Side::Client), Eol::Lf)
}

/// One side says this on the first conn, as the session starts.
pub(super) fn said(from: Side, bytes: impl Into<Bytes>) -> Record {
    let block = Block::new(bytes.into()).unwrap();
    let what = Recorded::Said { from, block, send: None, wants: Vec::new(), secrets: Vec::new() };
    Record { at: At::START, conn: Some(ConnId::FIRST), what }
}
