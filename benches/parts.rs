//! Speed of the parts.

#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use chat_repl::load::Tally;
use chat_repl::matching::{Mask, Masks, Pattern, Secrets, Template, Vars};
use chat_repl::script::{Action, Parser, Runner, RunnerOptions, Settings};
use chat_repl::session::{
    Admits, Direct, DirectOptions, Effect, Input, Name, Record, Recorded, Room, RoomOptions,
    Session,
};
use chat_repl::transcript::export::{self, Showing};
use chat_repl::transcript::json::{Form, Reader, parse, write};
use chat_repl::transcript::{Header, Journal, Store};
use chat_repl::units::At;
use chat_repl::wire::{Block, ConnId, Encoding, Eol, LineCodec, Side};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// 1,000 lines of 64 bytes: what one read may hold.
fn block() -> Record {
    let line = format!("{:063}\n", 0);
    let block = Block::new(line.repeat(1000)).expect("it is not empty");
    let what = Recorded::Said {
        from: Side::Server,
        block,
        send: None,
        wants: Vec::new(),
        secrets: Vec::new(),
    };
    Record { at: At::START, conn: Some(ConnId::FIRST), what }
}

fn header() -> Header {
    Header::new(jiff::Timestamp::UNIX_EPOCH, Some(Side::Client), Eol::Lf)
}

fn transcript(c: &mut Criterion) {
    let record = block();
    let mut group = c.benchmark_group("transcript");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("journal", |b| {
        let mut journal = Journal::new(std::io::sink(), "sink", &header());
        b.iter(|| {
            journal.record(black_box(&record));
            journal.flush()
        });
    });
    group.bench_function("store", |b| {
        let mut store = Store::new(header(), 64 << 20);
        b.iter(|| store.push(black_box(&record)));
    });
    let mut lines = Vec::new();
    let mut journal = Journal::new(&mut lines, "memory", &header());
    journal.record(&record);
    journal.end(At::START);
    journal.flush().expect("memory takes all");
    drop(journal);
    let read = parse(&lines).expect("it was just written");
    let document = write(&read, Form::Document);
    group.bench_function("read lines", |b| b.iter(|| parse(black_box(&lines))));
    group.bench_function("read document", |b| b.iter(|| parse(black_box(&document))));
    group.bench_function("write document", |b| b.iter(|| write(black_box(&read), Form::Document)));
    group.bench_function("read and show", |b| {
        let mut out = Vec::new();
        b.iter(|| {
            out.clear();
            let reader = Reader::new(black_box(&*lines)).expect("it was just written");
            export::show(reader, &Showing::default(), &mut out).expect("memory takes all");
        });
    });
    group.finish();
}

fn codec(c: &mut Criterion) {
    let read = Bytes::from(format!("{:063}\n", 0).repeat(1024));
    let mut group = c.benchmark_group("codec");
    group.throughput(Throughput::Bytes(read.len() as u64));
    for (name, max_line) in [("whole reads", 1 << 20), ("lines at the bound", 32)] {
        group.bench_function(name, |b| {
            let mut codec = LineCodec::new(max_line);
            let mut blocks = Vec::new();
            b.iter(|| {
                blocks.clear();
                codec.feed(At::START, black_box(read.clone()), &mut blocks);
            });
        });
    }
    group.finish();
}

/// A client that asks and waits for each answer, as the event loop has it but without a socket.
fn lock_step(turns: usize) -> usize {
    let mut parser = Parser::new("bench".into());
    let mut steps = Vec::new();
    let script = "PING\n/expect -n ^PONG$\n".repeat(turns);
    parser.feed(script.into(), &mut steps);
    let timeout = Duration::from_secs(5);
    let (vars, eol, secrets) = (Vars::default(), Eol::Lf, Secrets::default());
    let settings = Settings { vars, timeout, eol, encoding: Encoding::UTF_8, secrets };
    let mut runner = Runner::new(RunnerOptions {
        settings,
        max_line: 1 << 20,
        listener: false,
        room: false,
        reads: true,
        prompt: false,
        then_prompt: false,
        stays: false,
    });
    steps.into_iter().flatten().for_each(|step| runner.push(step));
    let mut session = Direct::new(DirectOptions {
        role: Side::Client,
        stay: false,
        half_close: true,
        linger: timeout,
        max_line: 1 << 20,
        telnet: false,
        introduction: None,
    });
    let addr = "bench".to_owned();
    let opened =
        Input::Opened { conn: ConnId::FIRST, addr, own: Side::Client, name: None, secured: None };
    let (mut inputs, mut effects, mut answered) = (VecDeque::from([opened]), Vec::new(), 0);
    while let Some(input) = inputs.pop_front().or_else(|| asked(&mut runner)) {
        session.handle(At::START, input, &mut effects);
        for effect in effects.drain(..) {
            runner.observe(At::START, &effect);
            if let Effect::Send { .. } = effect {
                answered += 1;
                let bytes = Bytes::from_static(b"PONG\n");
                inputs.push_back(Input::Received { conn: ConnId::FIRST, bytes });
            }
        }
    }
    answered
}

fn asked(runner: &mut Runner) -> Option<Input> {
    match runner.next(At::START)? {
        Action::Session(input) => Some(input),
        other => panic!("{other:?}"),
    }
}

fn script(c: &mut Criterion) {
    const TURNS: usize = 100_000;
    let mut group = c.benchmark_group("script");
    group.throughput(Throughput::Elements(TURNS as u64));
    group.sample_size(10);
    group.bench_function("lock-step turns", |b| {
        b.iter(|| assert_eq!(lock_step(black_box(TURNS)), TURNS));
    });
    group.finish();
}

fn matching(c: &mut Criterion) {
    let line = format!("+PONG {:057}", 0).into_bytes();
    let mut group = c.benchmark_group("matching");
    group.throughput(Throughput::Elements(1));
    for (name, source) in [
        ("exact", "+PONG 0"),
        ("literal", r"^\+PONG 0"),
        ("regex", "^.PONG 0+$"),
        ("captures", r"^(?<word>\S+) (?<number>\d+)$"),
    ] {
        let template = Template::parse(source).expect("it has no variable");
        let compile = if name == "exact" { Pattern::literal } else { Pattern::compile };
        let pattern = compile(&template, &Vars::default()).expect("it is right");
        assert!(pattern.find(&line).is_some(), "{name}");
        group.bench_function(name, |b| b.iter(|| pattern.find(black_box(&line))));
    }
    let masks: Masks = Mask::parse("s/[0-9]+$/N/").into_iter().collect();
    group.bench_function("mask", |b| b.iter(|| masks.apply(black_box(&line)).len()));
    group.finish();
}

/// A room with so many guests, each of whom has a name and has been greeted.
fn room(guests: u32) -> Room {
    let mut room = Room::new(RoomOptions {
        name: Name::default(),
        attended: false,
        max_line: 1 << 20,
        telnet: true,
        outbox: 1 << 20,
        max_guests: usize::MAX,
        rate: None,
        idle_timeout: None,
        backlog: 0,
        admits: Admits::default(),
    });
    let mut effects = Vec::new();
    for conn in (1..=guests).filter_map(ConnId::new) {
        let addr = "127.0.0.1:1".to_owned();
        let opened = Input::Opened { conn, addr, own: Side::Server, name: None, secured: None };
        room.handle(At::START, opened, &mut effects);
        effects.clear();
    }
    room
}

/// A guest talks, and the room says what is to go to all others: the work of a room without its sockets.
fn rooms(c: &mut Criterion) {
    let said = Bytes::from(format!("{:063}\n", 0).repeat(1000));
    let mut group = c.benchmark_group("room");
    group.throughput(Throughput::Elements(1000));
    for guests in [2, 1000] {
        let mut room = room(guests);
        let mut effects = Vec::new();
        group.bench_function(format!("lines to {guests} guests"), |b| {
            b.iter(|| {
                effects.clear();
                let heard = Input::Received { conn: ConnId::FIRST, bytes: said.clone() };
                room.handle(At::START, black_box(heard), &mut effects);
                assert!(effects.iter().any(|effect| matches!(effect, Effect::Pass { .. })));
            });
        });
    }
    group.finish();
}

fn load(c: &mut Criterion) {
    let mut group = c.benchmark_group("load");
    group.throughput(Throughput::Elements(1));
    group.bench_function("turn", |b| {
        let (mut tally, mut turns) = (Tally::new(), 0_u64);
        b.iter(|| {
            turns += 1;
            let took = Duration::from_micros(turns % 10_000);
            tally.turn(At::from_micros(turns * 10), black_box(took), black_box(took));
        });
        assert_eq!(tally.turns(), turns);
    });
    group.finish();
}

criterion_group!(parts, transcript, codec, matching, script, rooms, load);
criterion_main!(parts);
