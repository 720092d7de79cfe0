//! The wire: bytes to lines, and telnet negotiation out of them.

use bytes::Bytes;
use chat_repl::units::At;
use chat_repl::wire::{Block, Eol, LineCodec, Telnet, esc, unesc};

use super::random::Random;

/// Bytes that mean something to somebody on the wire.
const SPECIAL: &[u8] = b"\r\n\r\n\r\n\0\xff\xff\xfa\xf0\xfb\xfd\x01\\x \xc3\xa9ab";

#[test]
fn bytes_are_the_same_lines_however_they_are_cut() {
    super::run("codec", said, check);
}

/// What a peer says.
fn said(random: &mut Random) -> Vec<u8> {
    let mut said = Vec::new();
    for _ in 0..random.below(60) {
        match random.below(6) {
            0 => said.extend(std::iter::repeat_n(random.byte(), random.below(300))),
            1 => said.push(random.byte()),
            2 => said.extend_from_slice(b"\r\n"),
            _ => said.push(*random.of(SPECIAL)),
        }
    }
    said
}

fn check(said: &[u8], random: &mut Random) {
    let max_line = *random.of(&[1, 2, 3, 7, 64, 1 << 20]);
    let whole = lines(&blocks(max_line, &[said], false));
    let reads = cuts(said, random);
    let cut = blocks(max_line, &reads, false);
    assert_eq!(lines(&cut), whole, "bound {max_line}, reads {reads:?}");
    for blocks in [&cut, &blocks(max_line, &reads, true)] {
        let bytes: Vec<u8> = blocks.iter().flat_map(|block| block.bytes().to_vec()).collect();
        assert_eq!(bytes, said, "bound {max_line}, reads {reads:?}");
        for line in blocks.iter().flat_map(Block::lines) {
            let text = line.text.strip_suffix(b"\r").unwrap_or(line.text);
            assert!(text.len() <= max_line, "bound {max_line}, reads {reads:?}");
        }
    }
    let rejoined = rejoined(&blocks(max_line, &reads, true));
    assert_eq!(rejoined, by_hand(said), "bound {max_line}, reads {reads:?}");
    assert_eq!(filtered(&reads), filtered(&[said]), "reads {reads:?}");
    assert_eq!(unesc(&esc(said)).as_deref(), Ok(said));
}

/// What a codec makes of these reads; with `flushed`, an unfinished line is not waited for.
fn blocks(max_line: usize, reads: &[&[u8]], flushed: bool) -> Vec<Block> {
    let mut codec = LineCodec::new(max_line);
    let mut out = Vec::new();
    for (index, read) in reads.iter().enumerate() {
        codec.feed(At::START, Bytes::copy_from_slice(read), &mut out);
        if flushed && index % 2 == 0 {
            out.extend(codec.flush());
        }
    }
    out.extend(codec.flush());
    out
}

fn lines(blocks: &[Block]) -> Vec<(Vec<u8>, Eol)> {
    let lines = blocks.iter().flat_map(Block::lines);
    lines.map(|line| (line.text.to_vec(), line.eol)).collect()
}

/// Whole lines with their ends, of partial ones put together.
fn rejoined(blocks: &[Block]) -> Vec<Vec<u8>> {
    let mut all = vec![Vec::new()];
    for line in blocks.iter().flat_map(Block::lines) {
        let last = all.last_mut().expect("there is always one");
        last.extend_from_slice(line.text);
        last.extend_from_slice(line.eol.as_str().as_bytes());
        if line.eol != Eol::None {
            all.push(Vec::new());
        }
    }
    all.retain(|line| !line.is_empty());
    all
}

/// The same, as anybody would cut them.
fn by_hand(said: &[u8]) -> Vec<Vec<u8>> {
    said.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// What is left without telnet negotiation, and what that was.
fn filtered(reads: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let mut telnet = Telnet::default();
    let (mut text, mut removed) = (Vec::new(), Vec::new());
    for read in reads {
        text.extend_from_slice(&telnet.filter(Bytes::copy_from_slice(read), &mut removed));
    }
    text.extend_from_slice(&telnet.release());
    (text, removed)
}

fn cuts<'a>(said: &'a [u8], random: &mut Random) -> Vec<&'a [u8]> {
    let most = 1 + random.below(20);
    let mut rest = said;
    let mut reads = Vec::new();
    while !rest.is_empty() {
        let (read, after) = rest.split_at((1 + random.below(most)).min(rest.len()));
        reads.push(read);
        rest = after;
    }
    reads
}
