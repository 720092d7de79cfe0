//! Speed of the parts.

#![allow(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use chat_repl::matching::{Secrets, Vars};
use chat_repl::script::{Action, Parser, Runner, RunnerOptions, Settings};
use chat_repl::session::{Direct, DirectOptions, Effect, Input, Record, Recorded, Session};
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

criterion_group!(parts, transcript, codec, script);
criterion_main!(parts);
